"""Jobs without workers: each runs in the caller's thread before ``submit`` returns (``ports.JobQueue``)."""

from collections import Counter, deque
from collections.abc import Callable, Sequence

from app.ports import JobRequest, QueueDepth, WorkerInfo
from app.vocabulary import QueueName


class InlineQueue:
    """Runs jobs one after another through ``dispatch``; jobs that a job submits run after it, not inside it."""

    def __init__(self, dispatch: Callable[[JobRequest], None]) -> None:
        self._dispatch = dispatch
        self._waiting: deque[JobRequest] = deque()
        self._running: JobRequest | None = None
        self._failed: Counter[QueueName] = Counter()

    def submit(self, request: JobRequest) -> bool:
        """Run the job now; False when the same attempt waits or runs. What the job raises reaches the outermost caller."""
        if any(_same(request, other) for other in (self._running, *self._waiting)):
            return False
        self._waiting.append(request)
        if self._running is None:
            self._run_waiting()
        return True

    def depths(self) -> Sequence[QueueDepth]:
        """Return what waits behind the running job, and how many failed."""
        return [
            QueueDepth(
                queue=name,
                waiting=sum(request.queue is name for request in self._waiting),
                running=int(self._running is not None and self._running.queue is name),
                failed=self._failed[name],
            )
            for name in QueueName
        ]

    def workers(self) -> Sequence[WorkerInfo]:
        """Return nothing: the caller is the worker."""
        return []

    def ping(self) -> None:
        """Do nothing: there is nothing to reach."""

    def _run_waiting(self) -> None:
        failure: Exception | None = None
        while self._waiting:
            self._running = self._waiting.popleft()
            try:
                self._dispatch(self._running)
            except Exception as error:  # the job boundary: the others still run, as they would in a worker
                self._failed[self._running.queue] += 1
                failure = failure or error
            finally:
                self._running = None
        if failure is not None:
            raise failure


def _same(one: JobRequest, other: JobRequest | None) -> bool:
    return other is not None and (one.job, one.subject_id, one.attempt) == (other.job, other.subject_id, other.attempt)
