"""`/me`: what the bot keeps of a person, and the end of it. For everyone, answered privately."""

import json

import discord
from discord import app_commands
from discord.ext import commands

from bot.cogs.acts import make_file
from bot.cogs.answers import EXPIRED, StateButton, defer_privately
from bot.cogs.services import pipeline_of
from bot.digest.reading import person_to_json
from bot.errors import InputError
from bot.pipeline import Pipeline
from bot.ui.me import DATA, FORGET, NOTHING, ForgetMe, ask_forget, say_forgotten
from bot.ui.views import make_view


@app_commands.allowed_installs(guilds=True, users=True)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
class MeCog(commands.GroupCog, group_name="me", group_description="What I keep about you"):
    """Everything of one person, handed over or deleted."""

    def __init__(self, pipeline: Pipeline) -> None:
        super().__init__()
        self.people = pipeline.store.people

    @app_commands.command(description="Get everything that I keep about you, as a file")
    async def data(self, interaction: discord.Interaction) -> None:
        await defer_privately(interaction)
        data = person_to_json(await self.people.get_data(interaction.user.id))
        file = make_file(json.dumps(data, ensure_ascii=False, indent=1), "paper-digest-data.json")
        await interaction.edit_original_response(content=DATA, attachments=[file])

    @app_commands.command(description="Delete everything that I keep about you, likes included")
    async def forget(self, interaction: discord.Interaction) -> None:
        await defer_privately(interaction)
        said = ask_forget(await self.people.get_data(interaction.user.id))
        button = ForgetButton(ForgetMe(user_id=interaction.user.id), FORGET, is_grave=True)
        view = make_view([] if said == NOTHING else [button])
        await interaction.edit_original_response(content=said, view=view)


class ForgetButton(StateButton[ForgetMe], state=ForgetMe):
    """Deletes everything that is kept of the person who asked for the button."""

    async def press(self, interaction: discord.Interaction) -> None:
        if self.state.user_id != interaction.user.id:
            raise InputError(EXPIRED)
        await interaction.response.defer()
        deleted = await pipeline_of(interaction).store.people.forget(interaction.user.id)
        await interaction.edit_original_response(content=say_forgotten(deleted), view=None)


BUTTONS = (ForgetButton,)
