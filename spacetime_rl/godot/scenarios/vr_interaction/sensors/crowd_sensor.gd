class_name CrowdSensor
extends RLSensor
## Where a player is in the room, how fast it goes, and its three nearest fellows.

const NEAREST := 3

var _distances := PackedFloat32Array()
var _offsets := PackedVector3Array()
var _room_axes := false


func fields() -> Array[RLField]:
	_room_axes = (agent.arena.params as InteractionParams).room_axes
	var axes := "along the room" if _room_axes else "in own frame"
	return [
		RLField.new("position", 2, "x, z in m/10"),
		RLField.new("speed", 1, "m/s/5"),
		RLField.new("nearest_others", 3 * NEAREST, "x, z %s and distance, m/20, nearest first, else zeros" % axes),
	]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	var player := body as InteractionPlayer
	var at := player.global_position
	buffer[offset] = at.x / 10.0
	buffer[offset + 1] = at.z / 10.0
	buffer[offset + 2] = player.velocity.length() / 5.0
	_find_nearest(player, at)
	for i: int in NEAREST:
		var to := offset + 3 + 3 * i
		buffer[to] = _offsets[i].x / 20.0
		buffer[to + 1] = _offsets[i].z / 20.0
		buffer[to + 2] = _distances[i] / 20.0


func _setup() -> void:
	_distances.resize(NEAREST)
	_offsets.resize(NEAREST)


## Insertion into three places: a room holds at most eight players.
func _find_nearest(player: InteractionPlayer, at: Vector3) -> void:
	_distances.fill(INF)
	for other: InteractionPlayer in player.arena.players:
		if other == player or not other.present:
			continue
		var offset := other.global_position - at
		var distance := offset.length()
		for i: int in NEAREST:
			if distance < _distances[i]:
				for j: int in range(NEAREST - 1, i, -1):
					_distances[j] = _distances[j - 1]
					_offsets[j] = _offsets[j - 1]
				_distances[i] = distance
				_offsets[i] = offset if _room_axes else player.to_own_frame(offset)
				break
	for i: int in NEAREST:
		if _distances[i] == INF:
			_distances[i] = 0.0
			_offsets[i] = Vector3.ZERO
