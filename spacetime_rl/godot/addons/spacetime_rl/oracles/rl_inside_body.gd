class_name RLInsideBody
extends RLOracle
## A body is inside a static body that it should collide with, and stays there.

## For how long, in seconds.
var seconds := 0.5
## How deep, in metres or pixels.
var depth := 0.1

# For each body that is inside one now, the tick since when.
var _since: Dictionary[Node, int] = {}


func _begin() -> void:
	_since.clear()


func _end_decision() -> void:
	for body: Node in bodies:
		var solid := arena.space.solid_around(body, depth) if takes_part(body) else null
		if solid == null:
			_since.erase(body)
			continue
		var since: int = _since.get_or_add(body, arena.ticks)
		if arena.ticks - since >= ticks_in(seconds):
			var what := "%s is inside %s" % [name_of(body), path_of(solid)]
			report("%s in %s" % [kind_of(body), path_of(solid)], what, agent_of(body))
