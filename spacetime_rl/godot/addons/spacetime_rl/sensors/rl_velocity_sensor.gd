@tool
@icon("res://addons/spacetime_rl/icons/sensor_velocity.svg")
class_name RLVelocitySensor
extends RLSensor
## How the player moves, in its own frame: linear velocity 3, and angular velocity 3 where the body has one.

## Metres a second that become 1.
@export_range(0.01, 10000.0) var scale_m_s := 5.0
## Report the angular velocity of a RigidBody3D, too.
@export var angular := false
## Radians a second that become 1.
@export_range(0.01, 1000.0) var scale_rad_s := 5.0

# One of the two.
var _character: CharacterBody3D
var _rigid: RigidBody3D


func _init() -> void:
	label = &"velocity"


func fields() -> Array[RLField]:
	var result: Array[RLField] = [RLField.new("%s/linear" % label, 3, "m/s/%s" % scale_m_s)]
	if angular:
		result.append(RLField.new("%s/angular" % label, 3, "rad/s/%s" % scale_rad_s))
	return result


func write(buffer: PackedFloat32Array, offset: int) -> void:
	# vector * basis is the inverse rotation
	var own := body.global_basis
	var linear := (_character.velocity if _character != null else _rigid.linear_velocity) * own / scale_m_s
	buffer[offset] = linear.x
	buffer[offset + 1] = linear.y
	buffer[offset + 2] = linear.z
	if angular:
		var turn := _rigid.angular_velocity * own / scale_rad_s
		buffer[offset + 3] = turn.x
		buffer[offset + 4] = turn.y
		buffer[offset + 5] = turn.z


func _setup() -> void:
	_character = body as CharacterBody3D
	_rigid = body as RigidBody3D
	if _rigid == null and (angular or _character == null):
		push_error(
			"%s: needs a RigidBody3D%s as the agent's parent" % [get_path(), "" if angular else " or CharacterBody3D"]
		)
