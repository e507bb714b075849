class_name UiUser
extends RLXRPlayer
## One person before the panel: turns the rays of both hands, pulls triggers, and steadies the rays, or drags, with the
## grip.

## Where the hands are held, and how far they turn sideways and up or down, in radians.
const HELD: Array[Vector3] = [Vector3(-0.25, 1.15, -0.3), Vector3(0.25, 1.15, -0.3)]
const MOST_YAW := 1.4
const MOST_PITCH := 1.0
## How far a ray reaches, in metres.
const RAY_M := 6.0

const _FARTHEST := Vector2(MOST_YAW, MOST_PITCH)

@export var agent: RLAgent
## Rates of both rays: the left one to the right and up, then the right one.
@export var pointing: RLContinuousAction
## 0 nothing, 1 the left hand's, 2 the right hand's.
@export var trigger: RLDiscreteAction
## 1 steadies both hands; or holds what the acting hand drags, where the grip drags.
@export var grip: RLDiscreteAction

var arena: UiArena
var panel: UiPanel
## Angles of each hand's ray from straight ahead, to the right and up, in radians.
var aims: Array[Vector2] = [Vector2.ZERO, Vector2.ZERO]
## Where each ray meets the panel's plane, in pixels; and whether it meets the panel.
var pointers: Array[Vector2] = [Vector2.ZERO, Vector2.ZERO]
var hits: Array[bool] = [false, false]
## The hand that moves the pointer: the one that pressed last.
var acting := Hand.RIGHT
## The acting hand holds the mouse button, by its trigger or its grip.
var pressing := false

var _pulled: Array[bool] = [false, false]
# The button is held by the grip.
var _dragging := false
# What trigger and grip were last told to do.
var _trigger := 0
var _grip := 0
# Somebody looks: hands move every tick.
var _watched := DisplayServer.get_name() != "headless"
var _query := PhysicsRayQueryParameters3D.new()


func _ready() -> void:
	_query.exclude = [get_rid()]
	if _watched:
		for hand: Hand in [Hand.LEFT, Hand.RIGHT]:
			_show_ray(hand)


func _physics_process(delta: float) -> void:
	if not agent.active:
		return
	var speed := deg_to_rad(arena.settings.pointing_speed_deg) * delta
	if not grip_drags() and _closes_grip():
		speed *= arena.settings.steady_share
	for hand: Hand in [Hand.LEFT, Hand.RIGHT]:
		var turn := Vector2(pointing.values[2 * hand], pointing.values[2 * hand + 1]) * speed
		aims[hand] = (aims[hand] + turn).clamp(-_FARTHEST, _FARTHEST)
	if trigger.value != _trigger:
		_press_and_release()
	if grip_drags() and grip.value != _grip:
		_hold_or_let_go()
	if _watched:
		pose()


## Bring hands and pointer to where the rays point by now. Dearer than a whole tick, so once a decision, before anybody
## looks, and whenever a trigger moves.
func pose() -> void:
	for hand: Hand in [Hand.LEFT, Hand.RIGHT]:
		aim(hand, aims[hand])
	panel.move_pointer(pointers[acting] if hits[acting] or pressing else UiPanel.NOWHERE)


## Stand before the panel for a new episode, with hands that point anywhere near it.
func stand(rng: RandomNumberGenerator) -> void:
	RLPhysics.reset_body(self, Transform3D.IDENTITY)
	rest()
	acting = Hand.RIGHT
	pressing = false
	_dragging = false
	_trigger = 0
	_grip = 0
	for hand: Hand in [Hand.LEFT, Hand.RIGHT]:
		_pulled[hand] = false
		aim(hand, Vector2(rng.randf_range(-0.4, 0.4), rng.randf_range(-0.3, 0.3)))


## Point a hand, and read back from the tracked hand what its ray meets.
func aim(hand: Hand, at: Vector2) -> void:
	aims[hand] = at.clamp(-_FARTHEST, _FARTHEST)
	track_hand(hand, Transform3D(Basis.from_euler(Vector3(aims[hand].y, -aims[hand].x, 0.0)), HELD[hand]))
	var place := hands[hand].global_transform
	_query.from = place.origin
	_query.to = place.origin - RAY_M * place.basis.z
	var hit := get_world_3d().direct_space_state.intersect_ray(_query)
	hits[hand] = not hit.is_empty() and hit["collider"] == panel
	pointers[hand] = panel.pixels_along(place.origin, -place.basis.z)


## How far a hand's ray has to turn to meet a point of the world: to the right and up, in radians.
func turn_to(hand: Hand, point: Vector3) -> Vector2:
	var away := point - hands[hand].global_position
	var flat := Vector2(away.x, away.z).length()
	return Vector2(atan2(away.x, -away.z), atan2(away.y, flat)) - aims[hand]


## Whether the grip drags sliders, and the trigger does not.
func grip_drags() -> bool:
	return arena.settings.drag_by == "grip"


func _closes_grip() -> bool:
	if grip.value != _grip:
		_grip = grip.value
		set_grip(Hand.RIGHT, float(_grip))
	return _grip == 1


## The grip moved, where it drags: take the slider under the acting hand's ray, or let go of it.
func _hold_or_let_go() -> void:
	_grip = grip.value
	set_grip(acting, float(_grip))
	pose()
	var holds := hands[acting].get_float(&"grip") > 0.5
	if holds and not pressing:
		var beside := turn_to(acting, arena.target_point()).length()
		panel.move_pointer(pointers[acting])
		_dragging = hits[acting] and panel.focused() is MenuSlider
		pressing = _dragging
		arena.note_press(_dragging and panel.press(pointers[acting]), beside)
	elif _dragging and not holds:
		_dragging = false
		pressing = false
		panel.release(pointers[acting])


## A trigger moved: pull or let go where the rays point now.
func _press_and_release() -> void:
	_trigger = trigger.value
	for hand: Hand in [Hand.LEFT, Hand.RIGHT]:
		set_trigger(hand, float(_trigger == hand + 1))
	pose()
	for hand: Hand in [Hand.LEFT, Hand.RIGHT]:
		var pulled := hands[hand].get_float(&"trigger") > 0.5
		if pulled and not _pulled[hand] and not pressing:
			acting = hand
			pressing = true
			panel.move_pointer(pointers[hand])
			var beside := turn_to(hand, arena.target_point()).length()
			arena.note_press(hits[hand] and _presses(pointers[hand]), beside)
		elif pressing and not _dragging and hand == acting and not pulled:
			pressing = false
			panel.release(pointers[hand])
		_pulled[hand] = pulled


## Press the mouse button. Returns whether an element answered; a slider does not where the grip drags.
func _presses(pixels: Vector2) -> bool:
	return not (grip_drags() and panel.focused() is MenuSlider) and panel.press(pixels)


func _show_ray(hand: Hand) -> void:
	var rod := CylinderMesh.new()
	rod.top_radius = 0.003
	rod.bottom_radius = 0.006
	rod.height = 3.0
	var colour := StandardMaterial3D.new()
	colour.albedo_color = Color(0.3, 0.7, 1.0) if hand == Hand.LEFT else Color(1.0, 0.6, 0.2)
	colour.shading_mode = BaseMaterial3D.SHADING_MODE_UNSHADED
	rod.material = colour
	var mesh := MeshInstance3D.new()
	mesh.mesh = rod
	mesh.transform = Transform3D(Basis(Vector3.RIGHT, -PI / 2.0), Vector3(0.0, 0.0, -1.5))
	hands[hand].add_child(mesh)
