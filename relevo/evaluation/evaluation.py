"""One evaluation of a bot: all that was measured, and how."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property

import msgspec

from relevo.evaluation.examples import NO_LANGUAGE, Reading, StoryTest
from relevo.evaluation.measures import Group


class Evaluation(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """How well a bot understands what it has not learnt, and whether its stories go as written."""

    bot: str
    """Name of its folder."""

    made_at: datetime
    folds: int
    seed: int
    threshold: float | None
    """Confidence below which it does not understand; None where it has no FallbackClassifier."""

    readings: Sequence[Reading]
    thin: dict[str, int]
    """Intents with fewer examples than folds."""

    stories: Sequence[StoryTest] | None = None
    """None where they were left out."""

    understanding_seconds: float = 0.0
    stories_seconds: float = 0.0
    only: tuple[str, ...] = ()
    """Languages that were asked for; empty for all."""

    @cached_property
    def everything(self) -> Group:
        """All readings in one group."""
        return Group(NO_LANGUAGE, self.readings)

    @cached_property
    def languages(self) -> list[Group]:
        """A group for each language; one alone where there are none."""
        codes = sorted({code for reading in self.readings for code in reading.example.languages})
        found = [code for code in codes if not self.only or code in self.only]
        return [Group(code, [each for each in self.readings if code in each.example.languages]) for code in found]

    @property
    def groups(self) -> list[Group]:
        """The languages, and all of them where there are several."""
        return [*self.languages, self.everything] if len(self.languages) > 1 else self.languages

    @property
    def failed(self) -> list[StoryTest]:
        """The stories that do not go as written."""
        return [story for story in self.stories or () if story.difference is not None]

    def below(self, least: float) -> list[Group]:
        """Give the languages whose accuracy is less than this."""
        return [group for group in self.languages if group.accuracy.value < least]
