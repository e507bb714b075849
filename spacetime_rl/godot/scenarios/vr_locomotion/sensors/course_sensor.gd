class_name CourseSensor
extends RLSensor
## Where the next waypoint is, how the player moves and looks, what its three rays find, and the vignette.

const AHEAD_M := 2.0
const DIAGONAL_M := 1.5
const HEIGHT := 0.3

@export var ahead: RayCast3D
@export var left: RayCast3D
@export var right: RayCast3D

var _comfort := true


func fields() -> Array[RLField]:
	_comfort = (agent.arena.params as LocomotionParams).comfort
	var all: Array[RLField] = [
		RLField.new("waypoint/direction", 2, "unit x, z in own frame"),
		RLField.new("waypoint/distance", 1, "m/20"),
		RLField.new("heading", 2, "sin, cos of the yaw"),
		RLField.new("velocity", 2, "x, z in own frame, m/s/5"),
		RLField.new("rays", 3, "ahead m/2.0, left and right diagonal m/1.5; 1 where nothing is hit"),
		RLField.new("head", 2, "pitch and yaw against the body, rad/pi"),
	]
	if _comfort:
		all.append(RLField.new("vignette", 1, "intensity"))
	return all


func write(buffer: PackedFloat32Array, offset: int) -> void:
	var player := body as LocomotionPlayer
	var target := (agent.arena as LocomotionArena).course.target()
	var away := Vector3(target.x - player.position.x, 0.0, target.y - player.position.z) * player.basis
	var distance := away.length()
	buffer[offset] = away.x / distance if distance > 0.0 else 0.0
	buffer[offset + 1] = away.z / distance if distance > 0.0 else 0.0
	buffer[offset + 2] = distance / 20.0
	buffer[offset + 3] = player.basis.z.x
	buffer[offset + 4] = player.basis.z.z
	buffer[offset + 5] = player.walk.x / 5.0
	buffer[offset + 6] = player.walk.z / 5.0
	buffer[offset + 7] = free_share(ahead)
	buffer[offset + 8] = free_share(left)
	buffer[offset + 9] = free_share(right)
	var look := player.head.basis.get_euler()
	buffer[offset + 10] = look.x / PI
	buffer[offset + 11] = look.y / PI
	if _comfort:
		buffer[offset + 12] = player.vignette.intensity


## How far the rays reach, in metres: ahead, to the left, to the right.
func free_lengths() -> Array[float]:
	var lengths: Array[float] = []
	for ray: RayCast3D in [ahead, left, right]:
		lengths.append(free_share(ray) * ray.target_position.length())
	return lengths


## How much of a ray is free: 1 where it hits nothing.
func free_share(ray: RayCast3D) -> float:
	ray.force_raycast_update()
	if not ray.is_colliding():
		return 1.0
	return ray.global_position.distance_to(ray.get_collision_point()) / ray.target_position.length()
