class_name RLJitter
extends RLOracle
## A body that stays where it is shakes: it moves to and fro many times a second.

## In this time, in seconds,
var seconds := 1.0
## a body turns back at least this often.
var reversals := 20
## Movement in a tick that is none, in metres or pixels.
var step := 0.002
## A body that has come farther than this meanwhile does not rest, in metres or pixels.
var distance := 0.2

# By body: where a point of it was, how that moved last, and the ticks and places of its reversals.
var _points: Dictionary[Node, Vector3] = {}
var _moves: Dictionary[Node, Vector3] = {}
var _ticks: Dictionary[Node, PackedInt32Array] = {}
var _places: Dictionary[Node, PackedVector3Array] = {}


func _init() -> void:
	severity = "warning"


func _begin() -> void:
	_points.clear()
	_moves.clear()
	_ticks.clear()
	_places.clear()


func _tick(_delta: float) -> void:
	for body: Node in bodies:
		if not takes_part(body):
			_points.erase(body)
			continue
		var point := arena.space.edge_of(body)
		var move: Vector3 = point - _points.get(body, point)
		# A new action may turn a player back; that is no shaking.
		var is_meant := is_decided and agent_of(body) != null
		var last: Vector3 = _moves.get(body, Vector3.ZERO)
		if not is_meant and minf(move.length(), last.length()) > step and move.dot(last) < 0.0:
			_note(body, point)
		_points[body] = point
		_moves[body] = move


func _note(body: Node, point: Vector3) -> void:
	var ticks: PackedInt32Array = _ticks.get(body, PackedInt32Array())
	var places: PackedVector3Array = _places.get(body, PackedVector3Array())
	ticks.append(arena.ticks)
	places.append(point)
	if ticks.size() > reversals:
		ticks.remove_at(0)
		places.remove_at(0)
	_ticks[body] = ticks
	_places[body] = places
	var in_time := arena.ticks - ticks[0] <= ticks_in(seconds)
	if ticks.size() == reversals and in_time and places[0].distance_to(point) < distance:
		report(kind_of(body), "%s shakes where it is" % name_of(body), agent_of(body))
