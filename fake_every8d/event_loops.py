"""Event loops (asyncio, trio): detecting one on this thread, and working without blocking it."""

import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

P = ParamSpec("P")
Self = TypeVar("Self")
Result = TypeVar("Result")

Function = Callable[[], Coroutine[Any, Any, None]]
"""A function to run on an event loop. It raises nothing."""
Start = Callable[[Function], object]
"""A function that starts another on an event loop. Safe from any thread.

Raises `RuntimeError` if the loop has ended.
"""


class Event(Protocol):
    """An event of asyncio or of trio."""

    def set(self) -> None: ...
    async def wait(self) -> object: ...


def running() -> bool:
    """True if the caller is a task of an event loop, which would stand still during a wait.

    A test with Playwright's synchronous API is not, although Playwright's own loop runs in its
    thread: such a test could not await anything.
    """
    asyncio = sys.modules.get("asyncio")
    return (
        asyncio is not None
        and asyncio._get_running_loop() is not None
        and asyncio.current_task() is not None
    ) or _trio() is not None


def awaitable(
    method: Callable[Concatenate[Self, P], Result],
) -> Callable[Concatenate[Self, P], Awaitable[Result]]:
    """A method that blocks, made awaitable for tests on an event loop, which goes on meanwhile.

    It runs in a thread of its own.
    """

    @wraps(method)
    async def on_thread(self: Self, /, *args: P.args, **kwargs: P.kwargs) -> Result:
        # By name, so that a subclass' own method is called.
        call: Callable[[], Result] = partial(getattr(self, method.__name__), *args, **kwargs)
        if (trio := _trio()) is not None:
            result: Result = await trio.to_thread.run_sync(call)
            return result
        import asyncio  # here, because few suites need it

        return await asyncio.to_thread(call)

    on_thread.__doc__ = f"`{method.__name__}`, for tests on an event loop (asyncio or trio)."
    return on_thread


def starter() -> Start | None:
    """A way to start functions on the event loop of the caller's task; None without one."""
    if not running():
        return None
    if (trio := _trio()) is not None:
        token = trio.lowlevel.current_trio_token()
        return partial(token.run_sync_soon, trio.lowlevel.spawn_system_task)
    import asyncio

    return _on(asyncio.get_running_loop())


def start_one() -> tuple[Start, Callable[[], object]]:
    """Run an asyncio loop on a thread. Returns a `Start` for it, and a function that ends it."""
    import asyncio

    loop, ended = asyncio.new_event_loop(), asyncio.Event()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(_until(ended))

    threading.Thread(target=run, name="fake-every8d-event-loop", daemon=True).start()
    return _on(loop), partial(loop.call_soon_threadsafe, ended.set)


def event() -> Event:
    """An event for tasks of the loop that runs the caller's task."""
    if (trio := _trio()) is not None:
        trios: Event = trio.Event()
        return trios
    import asyncio

    return asyncio.Event()


def _trio() -> Any:
    """The module, if the caller is a task of trio; else None."""
    trio = sys.modules.get("trio")
    return trio if trio is not None and trio.lowlevel.in_trio_task() else None


def _on(loop: "AbstractEventLoop") -> Start:
    tasks: set[object] = set()  # a loop itself holds no reference to them

    def create(function: Function) -> None:
        task = loop.create_task(function())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    return lambda function: loop.call_soon_threadsafe(create, function)


async def _until(event: Event) -> None:
    await event.wait()
