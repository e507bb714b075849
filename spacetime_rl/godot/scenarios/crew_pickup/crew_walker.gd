class_name CrewWalker
extends CharacterBody3D
## Somebody of the crew in a suit: aboard until the touchdown, then on foot.

## Steps out this far from the craft's middle, in metres: beyond its legs.
const STEP_OUT := 2.6

@export var agent: RLAgent
@export var walk: RLContinuousAction
@export var grip: RLDiscreteAction
@export var shape: CollisionShape3D

var zone: CrewZone


func _physics_process(delta: float) -> void:
	if not agent.active:
		return
	var stick := walk.vector3()
	rotate_y(-stick.z * deg_to_rad(zone.rules.turn_deg_s) * delta)
	var wanted := global_basis * Vector3(stick.x, 0.0, -stick.y).limit_length(1.0)
	velocity = wanted * zone.rules.walk_m_s
	move_and_slide()
	velocity.y = 0.0
	global_position.y = zone.surface_at(global_position)


## Inside the craft, out of everybody's sight and way.
func go_aboard() -> void:
	visible = false
	shape.disabled = true
	RLPhysics.reset_body(self, Transform3D(Basis.IDENTITY, CrewZone.STORE + Vector3(20.0, 0.0, 0.0)))


## Out of the hatch, on the side that the craft's nose shows.
func step_out(craft: Spacecraft) -> void:
	visible = true
	shape.disabled = false
	var facing := craft.heading()
	var place := craft.global_position - facing.z * STEP_OUT
	place.y = zone.surface_at(place)
	RLPhysics.reset_body(self, Transform3D(facing, place))
