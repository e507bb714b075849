class_name RLBudgetReward
extends RLRewardTerm
## Punishes what breaks a budget of VR, in every tick: a frame over 11.11 ms by 5, more than 512 chunks by 2.
##
## It is of the wall clock, so that no replay pays it again.

## Paid for a tick whose physics took longer than 11.11 ms.
@export var for_frame := -5.0
## Paid for a tick with more than 512 chunks.
@export var for_chunks := -2.0

var _monitor := RLMonitor.shared()


func _init() -> void:
	name = StringName(RLMonitor.PREFIX + "budget")


func amount(_delta: float) -> float:
	var paid := 0.0
	if _monitor.physics_frame_time_ms > RLMonitor.FRAME_BUDGET_MS:
		paid += for_frame
	var chunks := _monitor.chunks_below(agent.arena_core.root)
	if (chunks.get("active_chunk_count", 0.0) as float) > RLMonitor.CHUNK_BUDGET:
		paid += for_chunks
	return paid
