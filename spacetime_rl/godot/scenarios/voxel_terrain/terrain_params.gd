class_name TerrainParams
extends RLParams
## Every number of voxel_terrain that a run may override as `scenario.params.<name>`.

## Game time of an episode, in seconds.
@export_range(1.0, 3600.0) var time_limit_s: float = 10.0
## Chunks (of 16 m) that are seen in each direction.
@export_range(2, 24) var view_chunks: int = 8
## Chunks in each direction that are made of single voxels, with caves, and can be stood on.
@export_range(1, 6) var near_chunks: int = 2
## Chunks in each direction up to which a step of the terrain is 2 m; beyond them it is 4 m.
@export_range(1, 24) var middle_chunks: int = 5
## A chunk stays until it is this much further away than those that are seen, in chunks.
@export_range(0, 8) var keep_chunks: int = 2
## Chunks that may be begun in a tick.
@export_range(1, 64) var begun_a_tick: int = 2
## Chunks that may be dropped in a tick.
@export_range(1, 64) var dropped_a_tick: int = 1
## Ticks from when a chunk is begun until it is there. A chunk that its thread has not made by then is waited for.
@export_range(1, 900) var latency_ticks: int = 9
## Tops of the hills above the valleys, in metres.
@export_range(0.0, 24.0) var hills_m: float = 16.0
## Holes below the ground.
@export var caves: bool = true
## The fault of a chunk system that does not look twice: a chunk is taken whenever its thread is ready, whether it is
## still wanted or not. Which chunks stay for ever then depends on the threads.
@export var chunk_race: bool = false
## The fault of a chunk system that forgets to let go: what a dropped chunk was made of stays in memory.
@export var chunk_leak: bool = false

## Top speed of the player, in metres a second.
@export_range(1.0, 100.0) var max_speed: float = 20.0
## Longest teleport, in metres.
@export_range(0.0, 1000.0) var teleport_m: float = 200.0
## Time from one teleport to the next at least, in seconds.
@export_range(0.0, 60.0) var teleport_pause_s: float = 1.0
## More chunks than this are many.
@export_range(1, 4096) var many_chunks: int = 400

## A frame over 11.11 ms.
@export var reward_slow_frame: float = 10.0
## A chunk that took more than 5 ms to make.
@export var reward_slow_chunk: float = 5.0
## A decision with many chunks.
@export var reward_many_chunks: float = 2.0
## A decision, for each metre a second of the player's speed.
@export var reward_speed: float = 0.1


func _launch_only() -> PackedStringArray:
	return ["near_chunks", "keep_chunks"]


func _check() -> PackedStringArray:
	if near_chunks > middle_chunks or middle_chunks > view_chunks:
		return [
			(
				"near_chunks %d, middle_chunks %d and view_chunks %d: each has to be at least the one before"
				% [near_chunks, middle_chunks, view_chunks]
			)
		]
	return []
