class_name TrafficSensor
extends RLSensor
## The three nearest craft that fly or stand on a pad, as a pilot sees them, and whether it has to wait. Without the
## last every craft came down slowly: from high up a place to wait looks much like a pad.

const NEAREST := 3
## Farther away than this a craft is shown at this distance, in metres.
const SIGHT := 300.0

var _others: Array[Spacecraft] = []
var _distances := PackedFloat32Array()


func fields() -> Array[RLField]:
	return [
		RLField.new(
			"nearest_craft", 6 * NEAREST, "position m/100 and velocity m/s/50, own heading, nearest first, else 0"
		),
		RLField.new("waits", 1, "1 while it has to wait, 0 when the pad is its own")
	]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	var craft := body as Spacecraft
	_find_nearest(craft)
	var inverse := craft.heading().transposed()
	for i: int in NEAREST:
		var to := Vector3.ZERO
		var drift := Vector3.ZERO
		if _others[i] != null:
			to = inverse * (_others[i].global_position - craft.global_position).limit_length(SIGHT) / 100.0
			drift = inverse * (_others[i].linear_velocity - craft.linear_velocity) / 50.0
		for axis: int in 3:
			buffer[offset + 6 * i + axis] = to[axis]
			buffer[offset + 6 * i + 3 + axis] = drift[axis]
	buffer[offset + 6 * NEAREST] = 0.0 if craft.is_cleared() else 1.0


func _setup() -> void:
	_others.resize(NEAREST)
	_distances.resize(NEAREST)


## Insertion into three places: there are at most six craft.
func _find_nearest(craft: Spacecraft) -> void:
	var zone := agent.arena as FleetZone
	_others.fill(null)
	_distances.fill(INF)
	for other: Spacecraft in zone.crafts:
		if other == craft or not zone.is_present(other):
			continue
		var distance := other.global_position.distance_squared_to(craft.global_position)
		for i: int in NEAREST:
			if distance < _distances[i]:
				for j: int in range(NEAREST - 1, i, -1):
					_distances[j] = _distances[j - 1]
					_others[j] = _others[j - 1]
				_distances[i] = distance
				_others[i] = other
				break
