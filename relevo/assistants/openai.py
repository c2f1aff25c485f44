"""An assistant behind any endpoint that speaks OpenAI's chat completions: a service, or a model in one's own house."""

from __future__ import annotations

from relevo.assistants.endpoint import Endpoint
from relevo.assistants.prompts import Prompt, draft_prompt, summary_prompt, translation_prompt, trial_prompt
from relevo.configuration.assistant import AssistantAccount, features_of
from relevo.contracts.assistant import Feature, Matter, Written
from relevo.errors import ConfigurationError, Unavailable

_MOST_CHARACTERS = 6_000
"""More than any summary or draft that was asked for."""
_MOST_TIMES_LONGER = 4
"""How much longer a translation may be than its text, beside some characters more."""


class OpenAiAssistant:
    """See contracts.assistant.Assistant; it keeps nothing of what it is given."""

    def __init__(self, account: AssistantAccount, endpoint: Endpoint | None = None) -> None:
        self.model = account.model
        self.features = frozenset(Feature(name) for name in account.features)
        self._account = account
        self._endpoint = endpoint or Endpoint(account)

    async def summarise(self, matter: Matter) -> Written:
        """Sum up for an agent what a conversation has come to."""
        return await self._ask(summary_prompt(matter), _MOST_CHARACTERS)

    async def translate(self, text: str, language: str) -> Written:
        """Say a text in another language."""
        return await self._ask(translation_prompt(text, language), _MOST_TIMES_LONGER * len(text) + 200)

    async def draft(self, matter: Matter) -> Written:
        """Propose what an agent might answer."""
        return await self._ask(draft_prompt(matter), _MOST_CHARACTERS)

    async def reach(self) -> str:
        """Ask for one word, send nothing of anybody's, and tell who answered; raises ConfigurationError."""
        try:
            await self._endpoint.complete(trial_prompt())
        except Unavailable as error:
            raise ConfigurationError(f"{error} Mend 'assistant' in relevo.yml; the desk works without it.") from error
        finally:
            await self.close()
        return f"{self.model} at {self._account.host} answers, for {features_of(self._account.features)}"

    async def close(self) -> None:
        """Close all connections."""
        await self._endpoint.close()

    async def _ask(self, prompt: Prompt, most: int) -> Written:
        text = await self._endpoint.complete(prompt)
        if len(text) > most:
            raise Unavailable("The model wrote far more than it was asked for.", code="assistant_unreadable")
        return Written(text=text, model=self.model)
