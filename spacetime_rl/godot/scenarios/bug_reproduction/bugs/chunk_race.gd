extends SeededBug
## Who crosses a border of chunks twice before the first chunk is made makes it twice.

const CHUNK_M := 3.0
const TICKS_TO_MAKE := 135

# The ticks at which chunks that are being made are done.
var _done_at: Dictionary[Vector2i, int] = {}
var _last := Vector2i.ZERO


func _begin() -> void:
	_done_at.clear()
	_last = _chunk()


func _act(_delta: float) -> void:
	var chunk := _chunk()
	if chunk == _last:
		return
	_last = chunk
	if _done_at.get(chunk, 0) > arena.ticks:
		push_warning("chunk generation race condition: chunk %s is made twice" % chunk)
	_done_at[chunk] = arena.ticks + TICKS_TO_MAKE


func _chunk() -> Vector2i:
	var at := (arena as BugArena).player.position / CHUNK_M
	return Vector2i(floori(at.x), floori(at.z))
