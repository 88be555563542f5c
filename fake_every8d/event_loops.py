"""Event loops (asyncio, trio): detecting one on this thread, and waiting without blocking it."""

import sys
from collections.abc import Awaitable, Callable
from functools import partial, wraps
from typing import Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
Self = TypeVar("Self")
Result = TypeVar("Result")


def running() -> bool:
    """Whether the caller is a task of an event loop, which stands still while it waits.

    A test with Playwright's synchronous API is none, though Playwright's own loop runs in its
    thread: it could not await anything.
    """
    asyncio, trio = sys.modules.get("asyncio"), sys.modules.get("trio")
    return (
        asyncio is not None
        and asyncio._get_running_loop() is not None
        and asyncio.current_task() is not None
    ) or (trio is not None and trio.lowlevel.in_trio_task())


def awaitable(
    method: Callable[Concatenate[Self, P], Result],
) -> Callable[Concatenate[Self, P], Awaitable[Result]]:
    """A method that blocks, for tests on an event loop, which goes on meanwhile.

    It runs in a thread of its own.
    """

    @wraps(method)
    async def on_thread(self: Self, /, *args: P.args, **kwargs: P.kwargs) -> Result:
        # By its name, so that a subclass' own is called.
        call: Callable[[], Result] = partial(getattr(self, method.__name__), *args, **kwargs)
        trio = sys.modules.get("trio")
        if trio is not None and trio.lowlevel.in_trio_task():
            result: Result = await trio.to_thread.run_sync(call)
            return result
        import asyncio  # here, because hardly anybody needs it

        return await asyncio.to_thread(call)

    on_thread.__doc__ = f"`{method.__name__}`, for tests on an event loop (asyncio or trio)."
    return on_thread
