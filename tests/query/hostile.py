"""Texts that break naive search engines: FTS5 syntax, SQL, Unicode, nesting, length."""

HOSTILE = (
    *('"', "'", "*", "**", "-", "--", "(", ")", "()", "(((", ")))", ":", "::", "^", "^x", "\\"),
    *("foo:x", "title:", ":title", "multi-agent", "C++", "C#", "GPT-4.5", "a/b", "a\\b", "a*b"),
    *("AND", "OR", "NOT", "NEAR", "NEAR(a b)", "NEAR(a b, 5)", "a NEAR b", "{title} : x"),
    *("title : x", "- title : x", "{title abstract} : x", "a + b", "a NOT", "NOT a", '"a" + "b"'),
    *("x*", '"x"*', '"x" *', "x *", "^title", "a^b", "rowid:1", "paper_text:x", "rank:bm25()"),
    *("' OR 1=1 --", "'; DROP TABLE paper; --", '" OR ""="', "%", "_", "a%b", "a_b", "?", ":match"),
    *("", " ", "\0", "a\0b", "\n", "a\nb", "\t", "\x1b[31m", "\u200b", "a\u200bb", "\u202eabc"),
    *("\ud800", "a\udc00b", "\ue000", "\ue000acs\ue000", "\uffff", "\U0010ffff", "\ufeffx"),
    *("é", "e\u0301", "\u0301", "\u0301" * 100, "İ", "ß", "ﬁ", "Å", "ſ", "µ", "ǆ", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢"),
    *("量子计算", "量子", "日本語 テキスト", "العربية", "हिन्दी", "🤖", "🤖🤖", "GPT🤖", "👩‍👩‍👧"),
    *("$\\beta$", "\\frac{1}{2}", "\\", "\\\\", "$$", "$", "{" * 300, "\\{" * 100, "$" * 301),
    *("(" * 300, ")" * 300, "(" * 300 + "a" + ")" * 300, '"' * 301, "-" * 300, "*" * 300),
    *("NOT " * 300 + "a", "a OR " * 299 + "b", "a " * 301, "a" * 2000, "a" * 2001, "a" * 100_000),
    *("가" * 1990, "a\u0301" * 990, "deeplearning" * 12, "qx" * 999, "zqj " * 499),
    *("-" + "zq " * 250, 'author:"' + " ".join(f"b{number}" for number in range(400)) + '"'),
    *('author:"' + "-".join("abcdefghij") + '"', "a*" * 999, "pro* " * 300, '"' * 2000),
    *("title:" * 100, "title:title:title:x", "author:" * 50 + "x", "-title:-a", "since:since:2024"),
    *("since:99999", "since:2024-00", "since:2024-01-32", "until:0000", "id:", "id:x", "has:"),
    *("category:", "category:*", "category:.*", "category:cs.*.*", "category:xx.*", "type:NEW"),
    *("2008.09110v0", "2008.99999999", "math.GT/0309136v2", "http://", "https://arxiv.org/abs/"),
    *("@everyone", "<@1>", "`x`", "||x||", "[a](http://b)", "# x", "<t:0:R>", "a" * 64, "ing", "s"),
)

HOSTILE_PIECES = (
    *(" ", " ", " ", '"', "'", "*", "(", ")", "-", ":", "\\", "$", "^", "\0", "\n", "​"),
    *("OR ", " AND ", "NOT ", "NEAR(", "title:", "author:", "since:", "2024-01", "2008.09110"),
    *("é", "ß", "İ", "ﬁ", "量", "🤖", "\u0301", "\ud800", "\ue000", "\U0010ffff", "%", ";--"),
)
"""What random texts are made of."""
