class_name RLDeadElement
extends RLOracle
## A visible, enabled button is pressed and let go, and nothing responds: it is covered, or nothing listens to it.

const _RESPONSES: Array[StringName] = [&"pressed", &"button_down", &"button_up"]
# Buttons that open something by themselves, and methods by which a button's own script responds.
const _OPENING: Array[String] = ["OptionButton", "MenuButton", "ColorPickerButton", "LinkButton"]
const _OVERRIDES: Array[String] = ["_pressed", "_gui_input", "_input", "_unhandled_input"]

## How long a button has to respond, in seconds.
var seconds := 0.2

var _probes: Array[RLClickProbe] = []
var _buttons: Array[BaseButton] = []
# Buttons that have responded since they were pressed.
var _answered: Dictionary[BaseButton, bool] = {}
# Buttons that were clicked and have not responded, with the tick until which they may.
var _waiting: Dictionary[BaseButton, int] = {}


func _begin() -> void:
	_waiting.clear()
	_answered.clear()
	_find()
	for probe: RLClickProbe in _probes:
		probe.begin()


func _nodes_changed() -> void:
	_waiting.clear()  # what was clicked may be gone
	_answered.clear()
	_buttons = _buttons.filter(is_instance_valid)
	_probes = _probes.filter(is_instance_valid)
	_find()


func _tick(_delta: float) -> void:
	for button: BaseButton in _waiting.keys():
		if not is_instance_valid(button) or arena.ticks > _waiting[button]:
			_waiting.erase(button)
			if is_instance_valid(button):
				report(_title_of(button), "%s was pressed, and nothing responded" % _title_of(button))


# What stands on a button, by which a person knows it.
func _title_of(button: BaseButton) -> String:
	var labelled := button as Button
	return labelled.text if labelled != null and labelled.text != "" else path_of(button)


# The buttons of the arena's viewports; a menu may make others in every episode.
func _find() -> void:
	for node: Node in arena.scope.find_children("*", "BaseButton", true, false):
		var button := node as BaseButton
		if button in _buttons:
			continue
		_buttons.append(button)
		for response: StringName in _RESPONSES:
			button.connect(response, _on_responded.bind(button, response))
		button.toggled.connect(func(_on: bool) -> void: _answer(button))
		var viewport := button.get_viewport()
		if not _probes.any(func(probe: RLClickProbe) -> bool: return probe.get_viewport() == viewport):
			var probe := RLClickProbe.new()
			probe.name = "RLClickProbe"  # the engine would count it, and name the game's own nodes by that count
			probe.pressed.connect(func(pressed: BaseButton) -> void: _answered.erase(pressed))
			probe.clicked.connect(_on_clicked)
			viewport.add_child(probe, false, Node.INTERNAL_MODE_BACK)  # a game may count the children
			_probes.append(probe)


func _on_clicked(button: BaseButton) -> void:
	if not _answered.has(button) and not _waiting.has(button) and not _responds_by_itself(button):
		_waiting[button] = arena.ticks + ticks_in(seconds)


# One listener is ours.
func _on_responded(button: BaseButton, response: StringName) -> void:
	if button.get_signal_connection_list(response).size() > 1:
		_answer(button)


func _answer(button: BaseButton) -> void:
	_answered[button] = true
	_waiting.erase(button)


static func _responds_by_itself(button: BaseButton) -> bool:
	if _OPENING.any(func(kind: String) -> bool: return button.is_class(kind)):
		return true
	var script := button.get_script() as Script
	if script == null:
		return not button.gui_input.get_connections().is_empty()
	return script.get_script_method_list().any(func(method: Dictionary) -> bool: return method["name"] in _OVERRIDES)
