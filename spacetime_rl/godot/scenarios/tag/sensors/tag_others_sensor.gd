class_name TagOthersSensor
extends RLSensor
## The nearest players of the other role and of the own one who still play.

## Players of the other role that one sees, and of the own.
const RIVALS := 3
const MATES := 2
const FLOATS := 8

var _distances := PackedFloat32Array()
var _found: Array[TagPlayer] = []


func fields() -> Array[RLField]:
	var units := "each: 1 where there is one, offset 3 in m/10, velocity 3 in m/s/5, both in own frame, immune 1"
	return [
		RLField.new("rivals", RIVALS * FLOATS, "of the other role, nearest first; %s" % units),
		RLField.new("mates", MATES * FLOATS, "of the own role; %s" % units),
	]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	var player := body as TagPlayer
	_find(player, 0, RIVALS, false)
	_find(player, RIVALS, RIVALS + MATES, true)
	for i: int in RIVALS + MATES:
		_write_player(buffer, offset + FLOATS * i, player, _found[i])


func _setup() -> void:
	_distances.resize(RIVALS + MATES)
	_found.resize(RIVALS + MATES)


# Insertion into a few places: there are at most eight players.
func _find(player: TagPlayer, from: int, to: int, of_own_role: bool) -> void:
	for i: int in range(from, to):
		_distances[i] = INF
		_found[i] = null
	for other: TagPlayer in player.arena.players:
		if other == player or not other.present or (other.is_it == player.is_it) != of_own_role:
			continue
		var distance := other.position.distance_squared_to(player.position)
		for i: int in range(from, to):
			if distance < _distances[i]:
				for j: int in range(to - 1, i, -1):
					_distances[j] = _distances[j - 1]
					_found[j] = _found[j - 1]
				_distances[i] = distance
				_found[i] = other
				break


func _write_player(buffer: PackedFloat32Array, at: int, player: TagPlayer, other: TagPlayer) -> void:
	if other == null:
		for i: int in FLOATS:
			buffer[at + i] = 0.0
		return
	var away := player.to_own_frame(other.position - player.position) / 10.0
	var velocity := player.to_own_frame(other.velocity) / 5.0
	buffer[at] = 1.0
	for axis: int in 3:
		buffer[at + 1 + axis] = away[axis]
		buffer[at + 4 + axis] = velocity[axis]
	buffer[at + 7] = 1.0 if other.is_immune() else 0.0
