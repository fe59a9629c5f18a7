"""Files that people attach to a command, fetched from Discord whole, or a sentence why not."""

import asyncio
from typing import Final

import aiohttp
import discord

from bot.errors import InputError

PATIENCE_S: Final = 30.0
"""How long a download may take while a person waits for the answer."""


async def read_attached(file: discord.Attachment, *, most_bytes: int, meant: str) -> bytes:
    """Download an attached file; ``meant`` says in a few words what fits into ``most_bytes``.

    Raises `InputError` with one sentence for a file that is too large, gone, or arrives cut off.
    """
    if file.size > most_bytes:
        raise InputError(
            f"{file.filename} is too large ({_kilobytes(file.size)}); {meant} fits into "
            f"{_kilobytes(most_bytes)}."
        )
    try:
        async with asyncio.timeout(PATIENCE_S):
            content = await file.read()
    except discord.NotFound as error:
        raise InputError(
            f"Discord does not have {file.filename} any more; attach it again."
        ) from error
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:  # a timeout, too
        raise _not_fetched(file) from error
    if len(content) != file.size:
        # Half a file may read as a whole one with less in it.
        raise _not_fetched(file)
    return content


def _not_fetched(file: discord.Attachment) -> InputError:
    return InputError(
        f"I could not download the whole of {file.filename} from Discord; use the command again."
    )


def _kilobytes(size: int) -> str:
    return f"{-(-size // 1000):,} kB"
