class_name UiCourseSensor
extends RLSensor
## What is to be done next: which element, how far each ray is off it, which value it has to get; and how far along.

# Radians that become 1 in the fine copy of a hand's offset.
const _FINE_RAD := 0.1

var _user: UiUser


func _init() -> void:
	label = &"course"


func fields() -> Array[RLField]:
	return [
		RLField.new("%s/left" % label, 5, "rad right and up to the target, the same /0.1 rad, on the target"),
		RLField.new("%s/right" % label, 5, "rad right and up to the target, the same /0.1 rad, on the target"),
		RLField.new("%s/target" % label, 4, "toggle, slider, being dragged, value still missing"),
		RLField.new("%s/fine" % label, 1, "value still missing, /tolerance: a slider may be let go within ±1"),
		RLField.new("%s/progress" % label, 4, "menu open, depth/3, share of steps done, share of time left"),
	]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	var arena := _user.arena
	var target := arena.course.target
	var point := arena.target_point()
	for hand: RLXRPlayer.Hand in [RLXRPlayer.Hand.LEFT, RLXRPlayer.Hand.RIGHT]:
		var at := offset + 5 * hand
		var turn := _user.turn_to(hand, point)
		buffer[at] = turn.x
		buffer[at + 1] = turn.y
		buffer[at + 2] = clampf(turn.x / _FINE_RAD, -1.0, 1.0)
		buffer[at + 3] = clampf(turn.y / _FINE_RAD, -1.0, 1.0)
		buffer[at + 4] = 1.0 if _user.hits[hand] and target.is_under(_user.pointers[hand]) else 0.0
	var menu := _user.panel.menu
	buffer[offset + 10] = 1.0 if target.kind == MenuElement.Kind.TOGGLE else 0.0
	buffer[offset + 11] = 1.0 if target.kind == MenuElement.Kind.SLIDER else 0.0
	buffer[offset + 12] = 1.0 if target.is_dragged() else 0.0
	buffer[offset + 13] = target.wanted - target.value()
	buffer[offset + 14] = clampf(buffer[offset + 13] / target.tolerance, -2.0, 2.0) if target.tolerance > 0.0 else 0.0
	buffer[offset + 15] = 1.0 if menu.open_page != null else 0.0
	buffer[offset + 16] = menu.open_page.depth / 3.0 if menu.open_page != null else 0.0
	buffer[offset + 17] = float(arena.course.done) / arena.course.total
	buffer[offset + 18] = 1.0 - float(arena.ticks) / arena.max_ticks


func _setup() -> void:
	_user = body as UiUser
