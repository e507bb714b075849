class_name CourseSensor
extends RLSensor
## Where the next waypoint is, how the player moves and looks, what its three rays find, and the vignette.

## How far a diagonal ray reaches to the side and ahead with `near_rays`, in metres.
const NEAR_DIAGONAL_M := 1.5
## Floats of `observe_tracking`.
const TRACKED := 9

@export var ahead: RayCast3D
@export var left: RayCast3D
@export var right: RayCast3D

var _comfort := true
var _near := false
var _tracking := false


func fields() -> Array[RLField]:
	var settings := agent.arena.params as LocomotionParams
	_comfort = settings.comfort
	_near = settings.near_rays
	_tracking = settings.observe_tracking
	var rays := "ahead m/2.0, left and right diagonal m/1.5; 1 where nothing is hit"
	if _near:
		rays = "ahead 2 m, left and right diagonal 2.12 m; 1 where an obstacle is within reach, otherwise 0"
		left.target_position = Vector3(-NEAR_DIAGONAL_M, 0.0, -NEAR_DIAGONAL_M)
		right.target_position = Vector3(NEAR_DIAGONAL_M, 0.0, -NEAR_DIAGONAL_M)
	var all: Array[RLField] = [
		RLField.new("waypoint/direction", 2, "unit x, z in own frame"),
		RLField.new("waypoint/distance", 1, "m/20"),
		RLField.new("heading", 2, "sin, cos of the yaw"),
		RLField.new("velocity", 2, "x, z in own frame, m/s/5"),
		RLField.new("rays", 3, rays),
		RLField.new("head", 2, "pitch and yaw against the body, rad/pi"),
	]
	if _comfort:
		all.append(RLField.new("vignette", 1, "intensity"))
	if _tracking:
		all.append(RLField.new("tracking", TRACKED, "head, left hand, right hand: position in own frame, m"))
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
	var rays: Array[RayCast3D] = [ahead, left, right]
	for i: int in rays.size():
		var free := free_share(rays[i])
		buffer[offset + 7 + i] = float(free < 1.0) if _near else free
	var look := player.head.basis.get_euler()
	buffer[offset + 10] = look.x / PI
	buffer[offset + 11] = look.y / PI
	var at := offset + 12
	if _comfort:
		buffer[at] = player.vignette.intensity
		at += 1
	if _tracking:
		_write_tracking(player, buffer, at)


## The metres that are free ahead; the ray's length where it hits nothing.
func free_length_ahead() -> float:
	return free_share(ahead) * ahead.target_position.length()


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


func _write_tracking(player: LocomotionPlayer, buffer: PackedFloat32Array, offset: int) -> void:
	var tracked: Array[Node3D] = [player.head, player.hands[0], player.hands[1]]
	for i: int in tracked.size():
		var place := tracked[i].position
		buffer[offset + 3 * i] = place.x
		buffer[offset + 3 * i + 1] = place.y
		buffer[offset + 3 * i + 2] = place.z
