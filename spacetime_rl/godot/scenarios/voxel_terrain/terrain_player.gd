class_name TerrainPlayer
extends CharacterBody3D
## Runs over the terrain, jumps up its steps and teleports. Where there is no ground yet, it waits in the air.

const GRAVITY := 20.0
const JUMP_SPEED := 7.5
const TELEPORT_FROM := 0.2
const ABOVE_M := 2.0

@export var agent: RLAgent
@export var direction: RLContinuousAction
@export var pace: RLContinuousAction
@export var teleport: RLContinuousAction

var settings: TerrainParams
var terrain: VoxelChunks

var _pause_s := 0.0


func _physics_process(delta: float) -> void:
	if not agent.active:
		return
	var way := direction.vector2().limit_length(1.0)
	_pause_s -= delta
	if teleport.values[0] > TELEPORT_FROM and _pause_s <= 0.0 and way.length() > 0.1:
		_jump_away(way.normalized() * teleport.values[0] * settings.teleport_m)
	var speed := settings.max_speed * (0.5 + 0.5 * pace.values[0])
	velocity.x = way.x * speed
	velocity.z = way.y * speed
	if not terrain.has_ground(position):
		velocity = Vector3.ZERO
		return
	velocity.y = JUMP_SPEED if is_on_wall() and is_on_floor() else velocity.y - GRAVITY * delta
	move_and_slide()
	if way.length() > 0.1:
		look_at(global_position + Vector3(way.x, 0.0, way.y))


## A new episode begins here.
func stand(at: Vector3) -> void:
	RLPhysics.reset_body(self, Transform3D(Basis.IDENTITY, at))
	_pause_s = 0.0


## Whether the pause after a teleport is over.
func can_teleport() -> bool:
	return _pause_s <= 0.0


func _jump_away(by: Vector2) -> void:
	_pause_s = settings.teleport_pause_s
	var to := position + Vector3(by.x, 0.0, by.y)
	to.y = terrain.ground_at(to) + ABOVE_M
	position = to
	velocity = Vector3.ZERO
	agent.add_metric(&"teleports", 1.0)
