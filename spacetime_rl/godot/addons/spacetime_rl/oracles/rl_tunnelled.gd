class_name RLTunnelled
extends RLOracle
## A body went into a static body on one side and came out on the other.

const _OPPOSITE := -0.5

## A movement in one tick of more than this many times what its velocity explains is a teleport, and no tunnelling.
var teleport := 2.0
## Movement in one tick that is no teleport whatever the velocity, in metres or pixels.
var slack := 0.1

# Where the middle of each body was a tick ago.
var _places: Dictionary[Node, Vector3] = {}
# The static body that each body has gone into, with the side: `{"body", "normal"}`.
var _entered: Dictionary[Node, Dictionary] = {}


func _begin() -> void:
	_places.clear()
	_entered.clear()
	for body: Node in bodies:
		if takes_part(body):
			_places[body] = arena.space.middle_of(body)


func _tick(delta: float) -> void:
	for body: Node in bodies:
		if not takes_part(body):
			_places.erase(body)
			_entered.erase(body)
			continue
		var place := arena.space.middle_of(body)
		if _places.has(body):
			_examine(body, _places[body], place, delta)
		_places[body] = place


func _examine(body: Node, before: Vector3, now: Vector3, delta: float) -> void:
	var way := before.distance_to(now)
	if way > teleport * arena.space.velocity_of(body).length() * delta + slack:
		_entered.erase(body)
		return
	if way == 0.0:
		return
	var entry := arena.space.solid_between(body, before, now)
	if not entry.is_empty():
		_entered[body] = entry
	if not _entered.has(body):
		return
	var exit := arena.space.solid_between(body, now, before)
	if exit.is_empty() or exit["body"] != _entered[body]["body"]:
		return
	var side: Vector3 = _entered[body]["normal"]
	var solid: Node = exit["body"]
	_entered.erase(body)
	if side.dot(exit["normal"] as Vector3) < _OPPOSITE:
		var what := "%s went through %s" % [name_of(body), path_of(solid)]
		report("%s through %s" % [kind_of(body), path_of(solid)], what, agent_of(body))
