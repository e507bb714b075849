class_name BumperSensor
extends RLSensor
## Rays that leave the car's outline all around: 0 at a touch, 1 where nothing is within reach. They begin at the
## outline, so that one number means the same gap on every side.

## Reach of a ray, in metres.
const REACH_M := 5.0
const HEIGHT := 0.5
const COUNT := 16
## The rays, from straight ahead to the left: angle in degrees, and where on the outline it begins (x, z).
const RAYS: Array[Vector3] = [
	Vector3(0.0, 0.0, -1.9),
	Vector3(0.0, -0.6, -1.9),
	Vector3(45.0, -0.85, -1.9),
	Vector3(90.0, -0.85, -1.4),
	Vector3(90.0, -0.85, 0.0),
	Vector3(90.0, -0.85, 1.4),
	Vector3(135.0, -0.85, 1.9),
	Vector3(180.0, -0.6, 1.9),
	Vector3(180.0, 0.0, 1.9),
	Vector3(180.0, 0.6, 1.9),
	Vector3(225.0, 0.85, 1.9),
	Vector3(270.0, 0.85, 1.4),
	Vector3(270.0, 0.85, 0.0),
	Vector3(270.0, 0.85, -1.4),
	Vector3(315.0, 0.85, -1.9),
	Vector3(0.0, 0.6, -1.9),
]
## Those that look ahead, and those that look back.
const FRONT: Array[int] = [0, 1, 15]
const BACK: Array[int] = [7, 8, 9]
const FRONT_CORNERS: Array[int] = [2, 14]
const BACK_CORNERS: Array[int] = [6, 10]

var _ray := RayCast3D.new()
var _from := PackedVector3Array()
var _to := PackedVector3Array()


func fields() -> Array[RLField]:
	return [RLField.new("rays", COUNT, "from the outline, m/%s" % REACH_M)]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	for i: int in COUNT:
		buffer[offset + i] = _look(i) / REACH_M


## Metres that are free straight ahead of the nose, or behind the tail.
func gap(ahead: bool) -> float:
	var least := REACH_M
	for i: int in FRONT if ahead else BACK:
		least = minf(least, _look(i))
	return least


## Metres that are free before the two corners of the nose, or of the tail, at 45 degrees.
func corner_gap(ahead: bool) -> float:
	var least := REACH_M
	for i: int in FRONT_CORNERS if ahead else BACK_CORNERS:
		least = minf(least, _look(i))
	return least


## Metres to what is nearest on any side.
func nearest() -> float:
	var least := REACH_M
	for i: int in COUNT:
		least = minf(least, _look(i))
	return least


func _look(i: int) -> float:
	_ray.position = _from[i]
	_ray.target_position = _to[i]
	_ray.force_raycast_update()
	return _ray.global_position.distance_to(_ray.get_collision_point()) if _ray.is_colliding() else REACH_M


func _setup() -> void:
	_ray.enabled = false
	body.add_child(_ray)
	for ray: Vector3 in RAYS:
		_from.append(Vector3(ray.y, HEIGHT, ray.z))
		_to.append(Vector3.FORWARD.rotated(Vector3.UP, deg_to_rad(ray.x)) * REACH_M)
