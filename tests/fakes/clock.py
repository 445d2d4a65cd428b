"""A clock that stands still until somebody moves it."""

from gitorch.model.ids import Moment


class FakeClock:
    """Time for tests: `sleep` moves it, nothing else does but the test."""

    def __init__(self, now=1_700_000_000_000):
        self.moment = now

    def now(self):
        return Moment(self.moment)

    def sleep(self, seconds):
        self.moment += int(seconds * 1000)
