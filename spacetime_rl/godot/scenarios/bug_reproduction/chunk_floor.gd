class_name ChunkFloor
extends Node
## Makes the chunks of the floor that the player comes to; each takes a while.

const CHUNK_M := 3.0
const TICKS_TO_MAKE := 135

## A chunk that is being made is not begun again.
var is_guarded := true
## Chunks that were begun while they were being made.
var races := 0

# The ticks at which chunks that are being made are done.
var _done_at: Dictionary[Vector2i, int] = {}
var _last := Vector2i.ZERO


## For a new episode, with the player at a place.
func begin(at: Vector3) -> void:
	_done_at.clear()
	races = 0
	_last = _chunk_of(at)


## The player is at a place at a tick of the episode.
func follow(at: Vector3, tick: int) -> void:
	var chunk := _chunk_of(at)
	if chunk == _last:
		return
	_last = chunk
	var is_being_made: bool = _done_at.get(chunk, 0) > tick
	if is_being_made and is_guarded:
		return
	if is_being_made:
		races += 1
		push_warning("chunk generation race condition: chunk %s is made twice" % chunk)
	_done_at[chunk] = tick + TICKS_TO_MAKE


func _chunk_of(at: Vector3) -> Vector2i:
	return Vector2i(floori(at.x / CHUNK_M), floori(at.z / CHUNK_M))
