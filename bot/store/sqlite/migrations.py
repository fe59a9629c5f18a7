"""The schema, as steps that are only ever appended. Each step is one transaction.

``application_id`` marks a file as ours, ``user_version`` counts the steps it has taken; both are
set inside the step's transaction, so that a kill leaves the file wholly old or wholly new.
``executescript`` is avoided because it commits a pending transaction.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Mapping

from bot.errors import DatabaseUnusable
from bot.query.tags import tags_of_authors
from bot.query.tokens import TOKENIZER, indexed
from bot.store.sqlite.old_intake import old_intake_code, old_intake_details
from bot.store.sqlite.old_queries import old_quotes
from bot.store.sqlite.old_reasons import old_reason_code, old_reason_details
from bot.store.sqlite.updating import ALONE, Function, Meter, Updating

APPLICATION_ID = 0x50444231  # "PDB1"

Step = tuple[str, ...]

FIRST: Step = (
    # A paper's key carries the date of its first announcement (see keys.py), so key order is
    # announcement order however late history is imported (docs/decisions/0002).
    """
    CREATE TABLE paper (
        key INTEGER PRIMARY KEY,
        arxiv_id TEXT NOT NULL UNIQUE,
        version INTEGER NOT NULL,
        announced_on TEXT NOT NULL,          -- ISO date, US/Eastern: arXiv's day, not ours
        is_date_estimated INTEGER NOT NULL,  -- 1: worked out from a snapshot, not announced to us
        title TEXT NOT NULL,                 -- readable text; this is what the index covers
        abstract TEXT NOT NULL,
        authors TEXT NOT NULL,               -- one name a line, in the paper's order
        categories TEXT NOT NULL,            -- blank-separated, the primary category first
        is_primary_known INTEGER NOT NULL DEFAULT 1,  -- 0: only a cross-list known
        comment TEXT,
        doi TEXT,
        journal_ref TEXT,
        license TEXT,
        submitted_at TEXT,                   -- ISO, UTC: when version 1 was submitted
        source_title TEXT,                   -- the authors' TeX; NULL where it equals the title
        source_abstract TEXT,
        has_code INTEGER NOT NULL DEFAULT 0, -- whether paper_link holds a code link
        filters TEXT NOT NULL DEFAULT '',    -- categories, types, kinds of links: as tags
        names TEXT NOT NULL DEFAULT ''       -- authors as tags (see bot/query/tags.py)
    ) STRICT
    """,
    "CREATE INDEX paper_by_doi ON paper (doi COLLATE NOCASE) WHERE doi IS NOT NULL",
    # The search indexes take their text from paper (external content) and are kept by
    # store/search/index.py without triggers, which are 4 to 5 times slower: one tiny segment a row.
    """
    CREATE VIRTUAL TABLE paper_text USING fts5 (
        title, abstract, authors, comment, filters, names,
        content = 'paper', content_rowid = 'key',
        tokenize = 'porter unicode61 remove_diacritics 2'
    )
    """,
    # A day's words are gathered in memory and written as one segment, not as one a megabyte (the
    # default): a third of the time, and less to merge.
    "INSERT INTO paper_text (paper_text, rank) VALUES ('hashsize', 8388608)",
    # A tenth of the size: what is asked of titles and filters alone need not read abstracts.
    """
    CREATE VIRTUAL TABLE paper_head USING fts5 (
        title, filters,
        content = 'paper', content_rowid = 'key',
        tokenize = 'porter unicode61 remove_diacritics 2'
    )
    """,
    # Words as written, and their beginnings: for completing what a person types.
    """
    CREATE VIRTUAL TABLE paper_typed USING fts5 (
        title, authors,
        content = 'paper', content_rowid = 'key',
        tokenize = 'unicode61 remove_diacritics 2',
        prefix = '2', detail = column, columnsize = 0
    )
    """,
    # In how many papers a stem occurs, counted now and then: close enough to weigh words by.
    """
    CREATE TABLE stem (
        stem TEXT PRIMARY KEY,
        papers INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE paper_link (
        arxiv_id TEXT NOT NULL REFERENCES paper (arxiv_id) ON DELETE CASCADE,
        kind TEXT NOT NULL CHECK (kind IN ('code', 'project', 'data', 'model')),
        url TEXT NOT NULL,                   -- abs and pdf follow from the identifier: not stored
        provenance TEXT NOT NULL,
        position INTEGER NOT NULL,           -- the order in which the paper names them
        PRIMARY KEY (arxiv_id, url)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE announcement (
        category TEXT NOT NULL,
        announced_on TEXT NOT NULL,
        position INTEGER NOT NULL,
        arxiv_id TEXT NOT NULL REFERENCES paper (arxiv_id) ON DELETE CASCADE,
        version INTEGER NOT NULL,
        announce_type TEXT NOT NULL
            CHECK (announce_type IN ('new', 'cross', 'replace', 'replace-cross')),
        PRIMARY KEY (category, announced_on, arxiv_id)  -- a feed read twice adds nothing
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX announcement_by_paper ON announcement (arxiv_id, announced_on)",
    "CREATE INDEX announcement_by_date ON announcement (announced_on)",
    """
    CREATE TABLE listing (
        category TEXT NOT NULL,
        announced_on TEXT NOT NULL,
        source TEXT NOT NULL,
        stored_at TEXT NOT NULL,             -- when the first of it was stored (ISO, UTC)
        updated_at TEXT NOT NULL,            -- when it last grew
        PRIMARY KEY (category, announced_on)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE subscription (
        id INTEGER PRIMARY KEY,
        guild_id INTEGER NOT NULL,
        channel_id INTEGER NOT NULL UNIQUE,
        categories TEXT NOT NULL,            -- blank-separated
        announce_types TEXT NOT NULL,        -- blank-separated
        post_at TEXT,                        -- HH:MM in zone; NULL: as soon as announced
        zone TEXT NOT NULL,                  -- IANA name
        style TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused')),
        paused_because TEXT,
        created_at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX subscription_by_guild ON subscription (guild_id)",
    """
    CREATE TABLE topic (
        subscription_id INTEGER NOT NULL REFERENCES subscription (id) ON DELETE CASCADE,
        name TEXT NOT NULL COLLATE NOCASE,
        query TEXT NOT NULL,
        PRIMARY KEY (subscription_id, name)
    ) STRICT, WITHOUT ROWID
    """,
    # The outbox (docs/decisions/0003): nothing is sent that was not first a row here.
    """
    CREATE TABLE delivery (
        id INTEGER PRIMARY KEY,
        subscription_id INTEGER NOT NULL,    -- only a number: a row outlives its subscription
        guild_id INTEGER NOT NULL,
        channel_id INTEGER NOT NULL,
        announced_on TEXT NOT NULL,          -- arXiv's date, never a local one
        part INTEGER NOT NULL,               -- counted from 1 over all of that channel and date
        key TEXT NOT NULL UNIQUE,
        nonce TEXT NOT NULL UNIQUE,
        payload TEXT NOT NULL,               -- frozen JSON of the message body
        payload_sha256 TEXT NOT NULL,
        state TEXT NOT NULL
            CHECK (state IN ('planned', 'sending', 'sent', 'failed', 'unknown')),
        attempts INTEGER NOT NULL DEFAULT 0,
        not_before TEXT NOT NULL,
        planned_at TEXT NOT NULL,
        claimed_at TEXT,
        changed_at TEXT NOT NULL,            -- when it came into its state, by the bot's clock
        message_id INTEGER,
        reason TEXT,                         -- why it is in its state
        told_at TEXT,                        -- when the admins heard that it failed or is unknown
        settled_at TEXT,                     -- when an admin said that nothing more is to be done
        UNIQUE (channel_id, announced_on, part)
    ) STRICT
    """,
    # A channel's next message is the first of its open rows.
    "CREATE INDEX delivery_open ON delivery (channel_id, announced_on, part) "
    "WHERE state IN ('planned', 'sending')",
    "CREATE INDEX delivery_trouble ON delivery (guild_id) WHERE state IN ('failed', 'unknown')",
    """
    CREATE TABLE delivered_paper (
        channel_id INTEGER NOT NULL,
        arxiv_id TEXT NOT NULL,
        version INTEGER NOT NULL,
        delivery_id INTEGER NOT NULL REFERENCES delivery (id),
        PRIMARY KEY (channel_id, arxiv_id, version)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX delivered_paper_by_delivery ON delivered_paper (delivery_id)",
    "CREATE INDEX delivered_paper_by_paper ON delivered_paper (arxiv_id)",
    """
    CREATE TABLE delivery_history (
        delivery_id INTEGER NOT NULL REFERENCES delivery (id),
        at TEXT NOT NULL,
        from_state TEXT,
        to_state TEXT NOT NULL,
        reason TEXT
    ) STRICT
    """,
    "CREATE INDEX delivery_history_by_delivery ON delivery_history (delivery_id)",
    # The rules of the outbox, kept by the file itself: whatever writes a state writes its history,
    # no state moves backwards (the last two pairs are an admin's resend, under a new key), and a
    # payload never changes.
    """
    CREATE TRIGGER delivery_planned AFTER INSERT ON delivery BEGIN
        INSERT INTO delivery_history VALUES (NEW.id, NEW.changed_at, NULL, NEW.state, NEW.reason);
    END
    """,
    """
    CREATE TRIGGER delivery_changed AFTER UPDATE OF state ON delivery BEGIN
        INSERT INTO delivery_history
        VALUES (NEW.id, NEW.changed_at, OLD.state, NEW.state, NEW.reason);
    END
    """,
    """
    CREATE TRIGGER delivery_forward BEFORE UPDATE OF state ON delivery
    WHEN OLD.state || ' ' || NEW.state NOT IN (
        'planned sending', 'planned failed',
        'sending sent', 'sending planned', 'sending failed', 'sending unknown',
        'failed planned', 'unknown planned'
    ) OR (OLD.state IN ('failed', 'unknown') AND NEW.key = OLD.key)
    BEGIN
        SELECT RAISE(ABORT, 'a delivery cannot change its state like that');
    END
    """,
    """
    CREATE TRIGGER delivery_frozen BEFORE UPDATE OF payload, payload_sha256 ON delivery
    BEGIN
        SELECT RAISE(ABORT, 'the payload of a delivery never changes');
    END
    """,
    # What is known about each category and Eastern date, announced or not (bot/intake/judge.py).
    """
    CREATE TABLE intake_day (
        category TEXT NOT NULL,
        day TEXT NOT NULL,
        verdict TEXT,
        source TEXT,
        reason TEXT NOT NULL,
        error TEXT NOT NULL,                 -- of the last request; empty when it was answered
        papers INTEGER NOT NULL,
        feed_asked_at TEXT,
        catchup_asked_at TEXT,
        not_before TEXT,
        held_since TEXT,
        failures INTEGER NOT NULL,
        is_confirmed INTEGER NOT NULL,
        is_closed INTEGER NOT NULL,
        PRIMARY KEY (category, day)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX intake_day_open ON intake_day (day, category) WHERE is_closed = 0",
    """
    CREATE TABLE intake_verdict (            -- how a day's verdict came about, in order
        category TEXT NOT NULL,
        day TEXT NOT NULL,
        at TEXT NOT NULL,
        verdict TEXT NOT NULL,
        reason TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX intake_verdict_by_day ON intake_verdict (category, day)",
    # What was decided for a channel and date, whether anything was posted or not: a digest is
    # decided once, and again only when its listing grew (docs/decisions/0005).
    """
    CREATE TABLE digest (
        channel_id INTEGER NOT NULL,
        announced_on TEXT NOT NULL,
        decided_at TEXT NOT NULL,
        announced INTEGER NOT NULL,          -- papers that the followed categories announced
        planned INTEGER NOT NULL,            -- papers planned so far for this channel and date
        PRIMARY KEY (channel_id, announced_on)
    ) STRICT, WITHOUT ROWID
    """,
    # A person's last searches, offered to that person alone; few, and forgotten after a while.
    """
    CREATE TABLE recent_search (
        user_id INTEGER NOT NULL,
        query TEXT NOT NULL,
        searched_at TEXT NOT NULL,
        PRIMARY KEY (user_id, query)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
)

SECOND: Step = (
    "ALTER TABLE intake_day ADD COLUMN failing_since TEXT",  # the first of the failures in a row
    "ALTER TABLE intake_day ADD COLUMN told_at TEXT",  # when the host heard of them
    "CREATE INDEX delivery_by_guild ON delivery (guild_id)",
    # Guilds that threw the bot out; what is kept for them goes with them, some weeks later.
    """
    CREATE TABLE departed_guild (
        guild_id INTEGER PRIMARY KEY,
        noticed_at TEXT NOT NULL
    ) STRICT
    """,
    # Listings are numbered as they come, so that no clock is asked which were there before a
    # subscription (bot/digest/due.py).
    """
    CREATE TABLE numbered_listing (
        number INTEGER PRIMARY KEY,
        category TEXT NOT NULL,
        announced_on TEXT NOT NULL,
        source TEXT NOT NULL,
        stored_at TEXT NOT NULL,             -- when the first of it was stored (ISO, UTC)
        updated_at TEXT NOT NULL,            -- when it last grew
        UNIQUE (category, announced_on)
    ) STRICT
    """,
    "INSERT INTO numbered_listing (category, announced_on, source, stored_at, updated_at) "
    "SELECT category, announced_on, source, stored_at, updated_at FROM listing "
    "ORDER BY stored_at, announced_on, category",
    "DROP TABLE listing",
    "ALTER TABLE numbered_listing RENAME TO listing",
    # The newest listing that was there before it.
    "ALTER TABLE subscription ADD COLUMN starts_after INTEGER NOT NULL DEFAULT 0",
    "UPDATE subscription SET starts_after = "
    "(SELECT coalesce(max(number), 0) FROM listing WHERE stored_at < subscription.created_at)",
    # Two parts of a name are one tag now (bot/query/tags.py).
    "UPDATE paper SET names = author_tags(authors)",
    "INSERT INTO paper_text (paper_text) VALUES ('rebuild')",
)

THIRD: Step = (
    # Reasons are codes with what belongs to them as JSON; sentences are made where people read them
    # (bot/ui/reasons.py).
    "ALTER TABLE delivery ADD COLUMN reason_details TEXT",
    "ALTER TABLE delivery_history ADD COLUMN reason_details TEXT",
    "ALTER TABLE subscription ADD COLUMN paused_details TEXT",
    # Steps of the history are written by these.
    "DROP TRIGGER delivery_planned",
    "DROP TRIGGER delivery_changed",
    """
    CREATE TRIGGER delivery_planned AFTER INSERT ON delivery BEGIN
        INSERT INTO delivery_history
        VALUES (NEW.id, NEW.changed_at, NULL, NEW.state, NEW.reason, NEW.reason_details);
    END
    """,
    """
    CREATE TRIGGER delivery_changed AFTER UPDATE OF state ON delivery BEGIN
        INSERT INTO delivery_history
        VALUES (NEW.id, NEW.changed_at, OLD.state, NEW.state, NEW.reason, NEW.reason_details);
    END
    """,
    *(
        f"UPDATE {table} SET {details} = old_reason_details({code}), "
        f"{code} = old_reason_code({code}) WHERE {code} IS NOT NULL"
        for table, code, details in (
            ("delivery", "reason", "reason_details"),
            ("delivery_history", "reason", "reason_details"),
            ("subscription", "paused_because", "paused_details"),
        )
    ),
    # The style that made a message, and alone can read it.
    "ALTER TABLE delivery ADD COLUMN style TEXT NOT NULL DEFAULT 'cards'",
    # When it was claimed, by the host's time since its boot: the wall clock can be set.
    "ALTER TABLE delivery ADD COLUMN claimed_boot TEXT",
    "ALTER TABLE delivery ADD COLUMN claimed_up_s REAL",
    "ALTER TABLE delivery RENAME COLUMN told_at TO notified_at",
)

FOURTH: Step = (
    # Each source of a date fails, waits and answers for itself (bot/intake/schedule.py).
    """
    CREATE TABLE intake_inquiry (
        category TEXT NOT NULL,
        day TEXT NOT NULL,
        source TEXT NOT NULL,                -- feed, catchup or oai
        asked_at TEXT NOT NULL,
        papers INTEGER,                      -- of the last answer; NULL without one of the date
        failures INTEGER NOT NULL,           -- in a row
        failing_since TEXT,                  -- the first of them
        not_before TEXT,
        error TEXT,                          -- a code; NULL when it answered
        details TEXT NOT NULL,               -- what belongs to the code, as JSON
        PRIMARY KEY (category, day, source)
    ) STRICT, WITHOUT ROWID
    """,
    # Of the two that there were, the one asked last was the one that failed, if any did.
    *(
        f"""
        INSERT INTO intake_inquiry
        SELECT category, day, '{source}', {asked_at}, NULL, iif({is_last}, failures, 0),
            iif({is_last} AND failures, failing_since, NULL), iif({is_last}, not_before, NULL),
            iif({is_last}, old_intake_code(error), NULL),
            iif({is_last}, old_intake_details(error), '{{}}')
        FROM intake_day WHERE {asked_at} IS NOT NULL
        """
        for source, asked_at, is_last in (
            ("feed", "feed_asked_at", "coalesce(feed_asked_at >= catchup_asked_at, 1)"),
            ("catchup", "catchup_asked_at", "coalesce(catchup_asked_at > feed_asked_at, 1)"),
        )
    ),
    """
    CREATE TABLE judged_day (
        category TEXT NOT NULL,
        day TEXT NOT NULL,
        verdict TEXT,
        source TEXT,
        reason TEXT,                         -- a code (models.IntakeCode)
        details TEXT NOT NULL,               -- what belongs to the code, as JSON
        papers INTEGER NOT NULL,
        held_since TEXT,
        is_confirmed INTEGER NOT NULL,
        is_closed INTEGER NOT NULL,
        told_at TEXT,                        -- when the host heard that it cannot be read
        told_missed_at TEXT,                 -- when the host heard that it was missed
        PRIMARY KEY (category, day)
    ) STRICT, WITHOUT ROWID
    """,
    """
    INSERT INTO judged_day
    SELECT category, day, verdict, source, old_intake_code(reason), old_intake_details(reason),
        papers, held_since, is_confirmed, is_closed, told_at,
        iif(verdict = 'missed', day || 'T00:00:00+00:00', NULL)
    FROM intake_day
    """,
    "DROP TABLE intake_day",
    "ALTER TABLE judged_day RENAME TO intake_day",
    "CREATE INDEX intake_day_open ON intake_day (day, category) WHERE is_closed = 0",
    "CREATE INDEX intake_day_missed ON intake_day (day, category) WHERE verdict = 'missed'",
    """
    CREATE TABLE judged_verdict (            -- how a day's verdict came about, in order
        category TEXT NOT NULL,
        day TEXT NOT NULL,
        at TEXT NOT NULL,
        verdict TEXT NOT NULL,
        reason TEXT,
        details TEXT NOT NULL
    ) STRICT
    """,
    "INSERT INTO judged_verdict SELECT category, day, at, verdict, old_intake_code(reason), "
    "old_intake_details(reason) FROM intake_verdict ORDER BY rowid",
    "DROP TABLE intake_verdict",
    "ALTER TABLE judged_verdict RENAME TO intake_verdict",
    "CREATE INDEX intake_verdict_by_day ON intake_verdict (category, day)",
    # Whether arXiv's own record of the date told of the listing, or else the date that the feed
    # carried: what a feed says of its date can be wrong, and is corrected by better knowledge.
    "ALTER TABLE listing ADD COLUMN is_record INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE listing ADD COLUMN stamp TEXT",
    "UPDATE listing SET is_record = source IN ('catchup', 'list', 'markdown')",
)

FIFTH: Step = (
    # As in `delivery`.
    "ALTER TABLE intake_day RENAME COLUMN told_at TO notified_at",
    "ALTER TABLE intake_day RENAME COLUMN told_missed_at TO missed_notified_at",
)

SIXTH: Step = (
    # Where messages go (docs/decisions/0012-places.md), and who is pinged.
    "ALTER TABLE subscription ADD COLUMN place TEXT NOT NULL DEFAULT 'channel' "
    "CHECK (place IN ('channel', 'thread', 'forum'))",
    "ALTER TABLE subscription ADD COLUMN ping_role INTEGER",
    "ALTER TABLE topic ADD COLUMN ping_role INTEGER",
    "ALTER TABLE delivery ADD COLUMN place TEXT NOT NULL DEFAULT 'channel' "
    "CHECK (place IN ('channel', 'thread', 'forum'))",
    # The row of the message whose thread it goes into; NULL where it goes into none.
    "ALTER TABLE delivery ADD COLUMN starter_id INTEGER",
    # What the thread is called, or NULL where none is made (any more); and the tags that a forum's
    # post should have.
    "ALTER TABLE delivery ADD COLUMN thread_name TEXT",
    "ALTER TABLE delivery ADD COLUMN tags TEXT NOT NULL DEFAULT ''",
    # Of a starter: 1 once its thread is there, before anything is sent into it. NULL: a backup was
    # put back, and there may be one.
    "ALTER TABLE delivery ADD COLUMN has_thread INTEGER DEFAULT 0",
    # The thread in which it was posted.
    "ALTER TABLE delivery ADD COLUMN thread_id INTEGER",
    "CREATE INDEX delivery_by_starter ON delivery (starter_id) WHERE starter_id IS NOT NULL",
    # What starts a thread goes first, also when it takes the place of a part before it.
    "DROP INDEX delivery_open",
    "CREATE INDEX delivery_open ON delivery (channel_id, announced_on, starter_id IS NOT NULL, "
    "part) WHERE state IN ('planned', 'sending')",
)

SEVENTH: Step = (
    # How many of the announced papers matched a topic; NULL where there were none.
    "ALTER TABLE digest ADD COLUMN matching INTEGER",
)

EIGHTH: Step = (
    # What files say was announced, as they say it: what it means for dates is judged over all of
    # them, again with each file that comes (bot/intake/placing.py). Their papers are in `paper`.
    """
    CREATE TABLE shelf (
        number INTEGER PRIMARY KEY,
        category TEXT NOT NULL,
        stamp TEXT NOT NULL,                 -- the date that it carries
        source TEXT NOT NULL,
        built_at TEXT,                       -- when the feed was made, as it says
        is_complete INTEGER NOT NULL,
        entries TEXT NOT NULL,               -- [[identifier, version, type, position], ...]
        digest TEXT UNIQUE,                  -- of all that; a file counts once
        is_placed INTEGER NOT NULL           -- whether its list was judged since it came
    ) STRICT
    """,
    "CREATE INDEX shelf_by_category ON shelf (category, stamp)",
    # Announced on this date by a file alone: other files may show that it was another date.
    "ALTER TABLE announcement ADD COLUMN is_from_file INTEGER NOT NULL DEFAULT 0",
    # Nothing confirms the date that its file carries.
    "ALTER TABLE listing ADD COLUMN is_uncertain INTEGER NOT NULL DEFAULT 0",
    # Earlier versions imported files without a word in `intake_day`, each under its own date.
    """
    INSERT INTO shelf (category, stamp, source, is_complete, entries, is_placed)
    SELECT category, announced_on, source, source IN ('rss', 'atom') OR is_record, (
        SELECT json_group_array(json_array(arxiv_id, version, announce_type, position))
        FROM announcement WHERE category = listing.category
            AND announced_on = listing.announced_on), 0
    FROM listing WHERE NOT EXISTS (SELECT 1 FROM intake_day
        WHERE category = listing.category AND day = listing.announced_on)
    """,
    "UPDATE announcement SET is_from_file = 1 "
    "WHERE (category, announced_on) IN (SELECT category, stamp FROM shelf)",
)

NINTH: Step = (
    # How many papers stand out, for the styles that show some at greater length.
    "ALTER TABLE subscription ADD COLUMN top INTEGER NOT NULL DEFAULT 5 "
    "CHECK (top BETWEEN 0 AND 10)",
    # Up to how many papers all of them do.
    "ALTER TABLE subscription ADD COLUMN cards_up_to INTEGER NOT NULL DEFAULT 25 "
    "CHECK (cards_up_to >= 0)",
)

TENTH: Step = (
    # The indexes hold what is written, in a normal form, and a query is widened by the words and
    # compounds that papers write (bot/query/tokens.py, widen.py). The new ones grow beside the old
    # and then take their names (bot/store/search/renewal.py).
    """
    CREATE VIEW paper_words AS
    SELECT key, indexed(title) AS title, indexed(abstract) AS abstract,
        indexed(authors) AS authors, indexed(comment) AS comment, filters, names
    FROM paper
    """,
    # FTS5 reads the view only to check or rebuild an index.
    f"""
    CREATE VIRTUAL TABLE new_paper_text USING fts5 (
        title, abstract, authors, comment, filters, names,
        content = 'paper_words', content_rowid = 'key', tokenize = '{TOKENIZER}'
    )
    """,
    "INSERT INTO new_paper_text (new_paper_text, rank) VALUES ('hashsize', 8388608)",
    f"""
    CREATE VIRTUAL TABLE new_paper_head USING fts5 (
        title, filters,
        content = 'paper_words', content_rowid = 'key', tokenize = '{TOKENIZER}'
    )
    """,
    f"""
    CREATE VIRTUAL TABLE new_paper_typed USING fts5 (
        title, authors,
        content = 'paper_words', content_rowid = 'key', tokenize = '{TOKENIZER}',
        prefix = '2', detail = column, columnsize = 0
    )
    """,
    "INSERT INTO fact (name, value) VALUES ('search renewed to', '0')",
    # In how many papers a word occurs, counted now and then; 0: written, and not counted yet.
    """
    CREATE TABLE word (
        word TEXT PRIMARY KEY,
        papers INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    "DROP TABLE stem",
    # Quotes are exact now.
    "UPDATE topic SET query = old_quotes(query)",
    """
    CREATE TABLE compound (
        word TEXT NOT NULL,                  -- written together
        cut INTEGER NOT NULL,                -- where some paper puts a hyphen
        PRIMARY KEY (word, cut)
    ) STRICT, WITHOUT ROWID
    """,
)

ELEVENTH: Step = (
    # Whether what goes into a thread is cards, whatever the message in the channel is.
    "ALTER TABLE subscription ADD COLUMN cards_in_thread INTEGER NOT NULL DEFAULT 0",
)

TWELFTH: Step = (
    # What the channel is told of a date without a digest.
    "ALTER TABLE subscription ADD COLUMN quiet_days TEXT NOT NULL DEFAULT 'none' "
    "CHECK (quiet_days IN ('all', 'unexpected', 'none'))",
)

THIRTEENTH: Step = (
    # What single people keep (bot/store/readers): all of it is deleted when they ask for it.
    """
    CREATE TABLE saved_paper (
        user_id INTEGER NOT NULL,
        arxiv_id TEXT NOT NULL,
        saved_at TEXT NOT NULL,
        guild_id INTEGER,                    -- where it was saved; there it counts half a like
        note TEXT NOT NULL DEFAULT '',
        tags TEXT NOT NULL DEFAULT '',       -- blank-separated, small letters
        is_read INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (user_id, arxiv_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX saved_paper_by_guild ON saved_paper (guild_id) WHERE guild_id IS NOT NULL",
    """
    CREATE TABLE opinion (
        guild_id INTEGER NOT NULL,
        user_id INTEGER NOT NULL,
        arxiv_id TEXT NOT NULL,
        is_liked INTEGER NOT NULL,           -- 0: not for us
        given_at TEXT NOT NULL,
        PRIMARY KEY (guild_id, user_id, arxiv_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX opinion_by_person ON opinion (user_id)",
    """
    CREATE TABLE shared_tag (                -- a part of a library that a server may read
        guild_id INTEGER NOT NULL,
        name TEXT NOT NULL COLLATE NOCASE,
        user_id INTEGER NOT NULL,
        tag TEXT NOT NULL,                   -- '': the whole library, without its notes
        shared_at TEXT NOT NULL,
        PRIMARY KEY (guild_id, name)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX shared_tag_by_person ON shared_tag (user_id)",
    """
    CREATE TABLE last_look (                 -- up to when a person caught up with a channel
        user_id INTEGER NOT NULL,
        channel_id INTEGER NOT NULL,
        looked_at TEXT NOT NULL,
        PRIMARY KEY (user_id, channel_id)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE forgotten_taste (           -- words and names that do not order a channel's papers
        channel_id INTEGER NOT NULL,
        term TEXT NOT NULL,
        PRIMARY KEY (channel_id, term)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE discussion (                -- the thread in which a server discusses a paper
        guild_id INTEGER NOT NULL,
        arxiv_id TEXT NOT NULL,
        channel_id INTEGER NOT NULL,
        thread_id INTEGER NOT NULL,
        PRIMARY KEY (guild_id, arxiv_id)
    ) STRICT, WITHOUT ROWID
    """,
)

FOURTEENTH: Step = (
    # What becomes known of papers, for the messages that show them
    # (docs/decisions/0015-living-posts.md). Numbers are never used again: messages name them.
    """
    CREATE TABLE paper_update (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        arxiv_id TEXT NOT NULL,
        kind TEXT NOT NULL,                  -- digest/updates.py
        text TEXT NOT NULL,
        source TEXT NOT NULL,
        noted_on TEXT,                       -- NULL until a tick has seen it
        is_pending INTEGER NOT NULL DEFAULT 1
    ) STRICT
    """,
    "CREATE INDEX paper_update_by_paper ON paper_update (arxiv_id)",
    "CREATE INDEX paper_update_pending ON paper_update (number) WHERE is_pending = 1",
    # The last update that a message shows as it was planned.
    "ALTER TABLE delivery ADD COLUMN known_update INTEGER NOT NULL DEFAULT 0",
    # Whether messages are edited when more becomes known of their papers.
    "ALTER TABLE subscription ADD COLUMN updates INTEGER NOT NULL DEFAULT 1",
    """
    CREATE TABLE edit (
        delivery_id INTEGER PRIMARY KEY REFERENCES delivery (id),
        revision INTEGER NOT NULL,           -- the number of the last update in it
        payload TEXT NOT NULL,               -- the message as it should be
        tried TEXT,                          -- the body that was sent last, if any was
        done TEXT,                           -- the body that Discord is known to have
        done_revision INTEGER NOT NULL DEFAULT 0,
        state TEXT NOT NULL CHECK (state IN ('planned', 'done', 'left')),
        attempts INTEGER NOT NULL DEFAULT 0,
        not_before TEXT NOT NULL,
        changed_at TEXT NOT NULL,
        reason TEXT,
        reason_details TEXT
    ) STRICT
    """,
    "CREATE INDEX edit_open ON edit (not_before) WHERE state = 'planned'",
    """
    CREATE TRIGGER edit_forward BEFORE UPDATE OF revision, done_revision ON edit
    WHEN NEW.revision < OLD.revision OR NEW.done_revision < OLD.done_revision
    BEGIN
        SELECT RAISE(ABORT, 'an older revision never replaces a newer one');
    END
    """,
)

FIFTEENTH: Step = (
    # From which list on a category comes by itself: what was out when it was chosen does not.
    """
    CREATE TABLE follow (
        subscription_id INTEGER NOT NULL REFERENCES subscription ON DELETE CASCADE,
        category TEXT NOT NULL,
        begins_after TEXT NOT NULL,          -- ISO date, US/Eastern: the newest list that was out
        PRIMARY KEY (subscription_id, category)
    ) STRICT, WITHOUT ROWID
    """,
    # Until now it was the number of the newest list; with a time of day, the moment of the set-up.
    # Offset by five hours, a moment is on the Eastern date (in summer but for one hour).
    """
    INSERT OR IGNORE INTO follow (subscription_id, category, begins_after)
    SELECT old.id, name.value, old.begun FROM (
        SELECT subscription.id, subscription.categories,
            max(
                coalesce(
                    (SELECT max(announced_on) FROM listing WHERE number <= starts_after),
                    date(created_at, '-5 hours', '-1 day')
                ),
                iif(post_at IS NULL, '', date(created_at, '-5 hours'))
            ) AS begun
        FROM subscription
    ) AS old, json_each('[' || replace(json_quote(old.categories), ' ', '","') || ']') AS name
    WHERE old.begun IS NOT NULL AND name.value <> ''
    """,
)

SIXTEENTH: Step = (
    # Venues, licenses and withdrawals are tags now (bot/store/search/renewal.py adds them).
    "INSERT INTO fact (name, value) SELECT 'search tags renewed to', '0' "
    "WHERE EXISTS (SELECT 1 FROM paper)",
)

SEVENTEENTH: Step = (
    "ALTER TABLE topic ADD COLUMN is_paused INTEGER NOT NULL DEFAULT 0",  # 1: it matches nothing
)

EIGHTEENTH: Step = (
    # The settings with which a digest was decided; what is added to its lists keeps to them.
    "ALTER TABLE digest ADD COLUMN settings TEXT",
)

NINETEENTH: Step = (
    # A channel has a digest of each day, of each week, or both: blank-separated
    # (docs/decisions/0016-caps-and-cadences.md). Its week ends on ``weekday`` (0:
    # Monday), from ``week_began_at`` on.
    "ALTER TABLE subscription ADD COLUMN cadences TEXT NOT NULL DEFAULT 'day'",
    "ALTER TABLE subscription ADD COLUMN weekday INTEGER NOT NULL DEFAULT 4 "
    "CHECK (weekday BETWEEN 0 AND 6)",
    "ALTER TABLE subscription ADD COLUMN week_began_at TEXT",
    # How many papers a digest posts at most; the others are offered below it. 0: all are posted.
    "ALTER TABLE subscription ADD COLUMN cap INTEGER NOT NULL DEFAULT 0 CHECK (cap >= 0)",
    # Parts are counted over a channel's date, whatever the cadence.
    "ALTER TABLE delivery ADD COLUMN cadence TEXT NOT NULL DEFAULT 'day' "
    "CHECK (cadence IN ('day', 'week'))",
    # A paper comes once per channel and cadence.
    """
    CREATE TABLE told_paper (
        channel_id INTEGER NOT NULL,
        cadence TEXT NOT NULL,
        arxiv_id TEXT NOT NULL,
        version INTEGER NOT NULL,
        delivery_id INTEGER NOT NULL REFERENCES delivery (id),
        is_offered INTEGER NOT NULL,         -- 1: not in the message, but behind its button
        PRIMARY KEY (channel_id, cadence, arxiv_id, version)
    ) STRICT, WITHOUT ROWID
    """,
    "INSERT INTO told_paper SELECT channel_id, 'day', arxiv_id, version, delivery_id, 0 "
    "FROM delivered_paper",
    "DROP TABLE delivered_paper",
    "ALTER TABLE told_paper RENAME TO delivered_paper",
    "CREATE INDEX delivered_paper_by_delivery ON delivered_paper (delivery_id)",
    "CREATE INDEX delivered_paper_by_paper ON delivered_paper (arxiv_id)",
    """
    CREATE TABLE decided_digest (
        channel_id INTEGER NOT NULL,
        cadence TEXT NOT NULL,
        announced_on TEXT NOT NULL,          -- of a week: the date that it ends on
        decided_at TEXT NOT NULL,
        announced INTEGER NOT NULL,          -- papers that the followed categories announced
        matching INTEGER,                    -- of these; NULL where there were no topics
        planned INTEGER NOT NULL,            -- papers planned so far for this channel and date
        offered INTEGER NOT NULL,            -- papers behind its button so far
        settings TEXT,
        PRIMARY KEY (channel_id, cadence, announced_on)
    ) STRICT, WITHOUT ROWID
    """,
    "INSERT INTO decided_digest SELECT channel_id, 'day', announced_on, decided_at, announced, "
    "matching, planned, 0, settings FROM digest",
    "DROP TABLE digest",
    "ALTER TABLE decided_digest RENAME TO digest",
)

TWENTIETH: Step = (
    # A discussion is a row before its message is sent, so that the message can be looked for.
    """
    CREATE TABLE begun_discussion (
        guild_id INTEGER NOT NULL,
        arxiv_id TEXT NOT NULL,
        channel_id INTEGER NOT NULL,
        begun_at TEXT,                       -- when its message was about to be sent
        thread_id INTEGER,                   -- NULL until that is known to have arrived
        PRIMARY KEY (guild_id, arxiv_id)
    ) STRICT, WITHOUT ROWID
    """,
    "INSERT INTO begun_discussion SELECT guild_id, arxiv_id, channel_id, NULL, thread_id "
    "FROM discussion",
    "DROP TABLE discussion",
    "ALTER TABLE begun_discussion RENAME TO discussion",
)

TWENTY_FIRST: Step = (
    # The authors' TeX, deflated with the readable texts as its dictionary (bot/store/rows.py); in
    # its place the two columns of earlier versions took a fifth as much as the abstracts.
    "ALTER TABLE paper ADD COLUMN source BLOB",
    # Names as tags follow from the authors: ``names`` is empty, but for papers that an earlier
    # version wrote until they are repacked (bot/store/search/renewal.py).
    "DROP VIEW paper_words",
    """
    CREATE VIEW paper_words AS
    SELECT key, indexed(title) AS title, indexed(abstract) AS abstract,
        indexed(authors) AS authors, indexed(comment) AS comment, filters,
        iif(names = '', author_tags(authors), names) AS names
    FROM paper
    """,
    "INSERT INTO fact (name, value) SELECT 'papers repacked to', '0' "
    "WHERE EXISTS (SELECT 1 FROM paper)",
)

TWENTY_SECOND: Step = (
    # The digest of what one person follows, sent as direct messages: its guild is 0
    # (docs/decisions/0021-follows.md).
    "ALTER TABLE subscription ADD COLUMN user_id INTEGER",
    "CREATE UNIQUE INDEX subscription_by_person ON subscription (user_id) "
    "WHERE user_id IS NOT NULL",
    # When that person heard why it is paused.
    "ALTER TABLE subscription ADD COLUMN told_at TEXT",
    """
    CREATE TABLE followed_paper (
        user_id INTEGER NOT NULL,
        arxiv_id TEXT NOT NULL,
        followed_at TEXT NOT NULL,
        told_update INTEGER NOT NULL,        -- the last update when it was followed, or told of
        PRIMARY KEY (user_id, arxiv_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX followed_paper_by_paper ON followed_paper (arxiv_id)",
    """
    CREATE TABLE read_channel (              -- what these channels get is not sent to the person
        user_id INTEGER NOT NULL,
        channel_id INTEGER NOT NULL,
        PRIMARY KEY (user_id, channel_id)
    ) STRICT, WITHOUT ROWID
    """,
)

TWENTY_THIRD: Step = (
    # A server may post each paper in one channel alone (docs/decisions/0022-one-channel.md).
    """
    CREATE TABLE once_guild (                -- the servers that do
        guild_id INTEGER PRIMARY KEY
    ) STRICT
    """,
    """
    CREATE TABLE elsewhere (                 -- what a channel's digest left to another channel
        channel_id INTEGER NOT NULL,
        announced_on TEXT NOT NULL,
        arxiv_id TEXT NOT NULL,
        home_id INTEGER NOT NULL,            -- that channel
        PRIMARY KEY (channel_id, announced_on, arxiv_id)
    ) STRICT, WITHOUT ROWID
    """,
)

TWENTY_FOURTH: Step = (
    # What is asked every few seconds is answered by the index: a row itself spreads over pages, and
    # with a hundred thousand channels there are twice as many rows that wait.
    "DROP INDEX delivery_open",
    "CREATE INDEX delivery_open ON delivery (channel_id, announced_on, starter_id IS NOT NULL, "
    "part, state, not_before, changed_at, planned_at, guild_id, subscription_id) "
    "WHERE state IN ('planned', 'sending')",
    # Of all that was ever decided the last days are read at each tick.
    "CREATE INDEX digest_by_day ON digest (cadence, announced_on, channel_id)",
)

TWENTY_FIFTH: Step = (
    # Of people of whom anything else is kept: where they last used the bot, and whether Discord
    # says that they have left (docs/decisions/0030-who-has-left.md). All dates are UTC.
    """
    CREATE TABLE presence (
        user_id INTEGER NOT NULL,
        guild_id INTEGER NOT NULL,           -- 0: in direct messages, or by their account
        seen_on TEXT NOT NULL,
        is_own INTEGER NOT NULL DEFAULT 0,   -- 1: the bot is added to their account (guild 0)
        asked_on TEXT,                       -- when Discord was asked last, with what answer
        answer TEXT CHECK (answer IN ('there', 'gone', 'unsure')),
        gone_since TEXT,                     -- when they were first found gone from there
        PRIMARY KEY (user_id, guild_id)
    ) STRICT, WITHOUT ROWID
    """,
)

TWENTY_SIXTH: Step = (
    # Numbers of what the person was told of the paper, as messages show it that a restored copy has
    # forgotten: blank-separated.
    "ALTER TABLE followed_paper ADD COLUMN told TEXT NOT NULL DEFAULT ''",
)

TWENTY_SEVENTH: Step = (
    # Whose subscription, topics or digests were written, last: only these are read again
    # (bot/store/roster.py). Numbers only grow, also when the row with the last one is forgotten.
    """
    CREATE TABLE subscription_change (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        subscription_id INTEGER NOT NULL UNIQUE  -- only a number: tells of removed ones, too
    ) STRICT
    """,
    *(
        f"""
        CREATE TRIGGER {table}_{event.lower()}_noted AFTER {event} ON {table} BEGIN
            DELETE FROM subscription_change WHERE subscription_id = {which.format(row)};
            INSERT INTO subscription_change (subscription_id)
            SELECT {which.format(row)} WHERE {which.format(row)} IS NOT NULL;
        END
        """
        for table, which in (
            ("subscription", "{0}.id"),
            ("topic", "{0}.subscription_id"),
            ("follow", "{0}.subscription_id"),
            ("digest", "(SELECT id FROM subscription WHERE channel_id = {0}.channel_id)"),
        )
        for event, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD"))
    ),
)

TWENTY_EIGHTH: Step = (
    # The body of a message, in place of ``delivery.payload``: a row that is deleted gives its pages
    # back, one that is made shorter does not. It is deflated; numbers stand for its longer pieces.
    """
    CREATE TABLE body (
        delivery_id INTEGER PRIMARY KEY REFERENCES delivery (id) ON DELETE CASCADE,
        packed BLOB NOT NULL
    ) STRICT
    """,
    # What bodies of a batch have in common, once (bot/store/outbox/bodies.py).
    """
    CREATE TABLE piece (
        batch INTEGER NOT NULL,              -- messages of earlier batches have lower numbers
        number INTEGER NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (batch, number)
    ) STRICT, WITHOUT ROWID
    """,
    # Of an edit that is made: the body, deflated with the one that was planned as its dictionary,
    # in place of the other three.
    "ALTER TABLE edit ADD COLUMN packed BLOB",
    # A body may go once it is posted, and is never another.
    "DROP TRIGGER delivery_frozen",
    """
    CREATE TRIGGER delivery_frozen BEFORE UPDATE OF payload, payload_sha256 ON delivery
    WHEN NOT (NEW.state = 'sent' AND NEW.payload = '' AND NEW.payload_sha256 = OLD.payload_sha256)
    BEGIN
        SELECT RAISE(ABORT, 'the payload of a delivery never changes');
    END
    """,
    """
    CREATE TRIGGER body_frozen BEFORE UPDATE ON body BEGIN
        SELECT RAISE(ABORT, 'the payload of a delivery never changes');
    END
    """,
    """
    CREATE TRIGGER piece_frozen BEFORE UPDATE ON piece BEGIN
        SELECT RAISE(ABORT, 'the payload of a delivery never changes');
    END
    """,
)

STEPS: tuple[Step, ...] = (
    FIRST,
    SECOND,
    THIRD,
    FOURTH,
    FIFTH,
    SIXTH,
    SEVENTH,
    EIGHTH,
    NINTH,
    TENTH,
    ELEVENTH,
    TWELFTH,
    THIRTEENTH,
    FOURTEENTH,
    FIFTEENTH,
    SIXTEENTH,
    SEVENTEENTH,
    EIGHTEENTH,
    NINETEENTH,
    TWENTIETH,
    TWENTY_FIRST,
    TWENTY_SECOND,
    TWENTY_THIRD,
    TWENTY_FOURTH,
    TWENTY_FIFTH,
    TWENTY_SIXTH,
    TWENTY_SEVENTH,
    TWENTY_EIGHTH,
)

FUNCTIONS: Mapping[str, Function] = {
    "author_tags": tags_of_authors,
    "indexed": lambda text: indexed(text) if text else text,
    "old_intake_code": old_intake_code,
    "old_intake_details": old_intake_details,
    "old_quotes": old_quotes,
    "old_reason_code": old_reason_code,
    "old_reason_details": old_reason_details,
}
"""What the steps and the indexes call beside SQLite's own functions, each of one text."""


def migrate(connection: sqlite3.Connection, updating: Updating = ALONE) -> None:
    """Bring the file to this program's schema; raises as `check_version` does."""
    version = check_version(connection)
    steps = STEPS[version:]
    is_update = bool(version and steps)
    if is_update:
        updating.before(connection)
    meter = Meter(connection, steps, updating.report if is_update else ALONE.report)
    add_functions(connection, meter.counting if is_update else lambda each: each)
    for number, step in enumerate(steps, start=version + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in step:
                meter.begin(statement)
                connection.execute(statement)
                meter.finish()
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # a full disk has already rolled back
                connection.execute("ROLLBACK")
            raise
    add_functions(connection)  # counting only costs time from here on


def add_functions(
    connection: sqlite3.Connection, wrapped: Callable[[Function], Function] = lambda each: each
) -> None:
    for name, function in FUNCTIONS.items():
        connection.create_function(name, 1, wrapped(function), deterministic=True)


def check_version(connection: sqlite3.Connection) -> int:
    """Return how many steps the file has taken; 0 for a file without tables.

    Raises `DatabaseUnusable` for a file of another program or of a newer version of ours.
    """
    version = _pragma(connection, "user_version")
    application = _pragma(connection, "application_id")
    tables = connection.execute("SELECT name FROM sqlite_schema LIMIT 1").fetchall()
    if application != APPLICATION_ID and (application or version or tables):
        raise DatabaseUnusable(
            "it is a database of another program; set database.path to another file."
        )
    if version > len(STEPS):
        raise DatabaseUnusable(
            f"it was written by a newer version of the bot (schema {version}, this "
            f"program knows {len(STEPS)}); update the bot or restore an older backup."
        )
    return version


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    (value,) = connection.execute(f"PRAGMA {name}").fetchone()
    return int(value)
