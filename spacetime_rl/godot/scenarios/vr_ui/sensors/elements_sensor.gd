class_name UiElementsSensor
extends RLSensor
## What stands in each cell of the page that is open: its state, where it is from the acting hand's pointer, its value.
##
## The focused element is the one under the pointer, as the engine has it.

const FLOATS := 9

var _user: UiUser


func _init() -> void:
	label = &"element"


func fields() -> Array[RLField]:
	var result: Array[RLField] = []
	for cell: int in MenuPage.CELLS:
		var parts := "visible, enabled, focused, x and y from the pointer, toggle, slider, value, is next"
		result.append(RLField.new("%s_%d" % [label, cell], FLOATS, parts))
	return result


func write(buffer: PackedFloat32Array, offset: int) -> void:
	var menu := _user.panel.menu
	var target := _user.arena.course.target
	var pointer := _user.pointers[_user.acting]
	var focused := _user.panel.focused()
	for cell: int in MenuPage.CELLS:
		var element := menu.shown_in(cell)
		var at := offset + FLOATS * cell
		if element == null:
			for k: int in FLOATS:
				buffer[at + k] = 0.0
			continue
		var away := (element.point() - pointer) / MenuPage.SIZE.x
		buffer[at] = 1.0
		buffer[at + 1] = 1.0 if element.is_enabled() else 0.0
		buffer[at + 2] = 1.0 if element.control == focused else 0.0
		buffer[at + 3] = clampf(away.x, -1.0, 1.0)
		buffer[at + 4] = clampf(away.y, -1.0, 1.0)
		buffer[at + 5] = 1.0 if element.kind == MenuElement.Kind.TOGGLE else 0.0
		buffer[at + 6] = 1.0 if element.kind == MenuElement.Kind.SLIDER else 0.0
		buffer[at + 7] = element.value()
		buffer[at + 8] = 1.0 if element == target else 0.0


func _setup() -> void:
	_user = body as UiUser
