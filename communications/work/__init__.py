"""Work that other software asks for: a TAMTask in, a TAMResult out, through the stages that people use, and never past them.

`door` takes a task in and leaves a `TaskRun` with a `TaskItem` an account; `single` does that of one account, `batch` of many; `life` claims,
settles and ends a run; `results` says what came of it. The rows are the queue: whatever is cut short is taken up again by the sweep.
"""
