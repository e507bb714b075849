class_name RLDeadElement
extends RLOracle
## A visible, enabled button is pressed and let go, and nothing responds: it is covered, or nothing listens to it.

const _RESPONSES: Array[StringName] = [&"pressed", &"button_down", &"button_up"]

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
	for node: Node in arena.root.find_children("*", "BaseButton", true, false):
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
			probe.pressed.connect(func(pressed: BaseButton) -> void: _answered.erase(pressed))
			probe.clicked.connect(_on_clicked)
			viewport.add_child(probe)
			_probes.append(probe)


func _on_clicked(button: BaseButton) -> void:
	if not _answered.has(button) and not _waiting.has(button):
		_waiting[button] = arena.ticks + ticks_in(seconds)


# One listener is ours.
func _on_responded(button: BaseButton, response: StringName) -> void:
	if button.get_signal_connection_list(response).size() > 1:
		_answer(button)


func _answer(button: BaseButton) -> void:
	_answered[button] = true
	_waiting.erase(button)
