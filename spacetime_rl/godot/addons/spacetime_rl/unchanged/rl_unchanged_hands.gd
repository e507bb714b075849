class_name RLUnchangedHands
extends RefCounted
## Keyboard, mouse and gamepad of the agent in an unchanged game: its actions become the events of real devices.
##
## Each of two hands holds one action of the input map or none; the pointer is somewhere, and may click. Events come at
## the beginning of a frame, as those of a person do.

## Choices of the action "click".
enum { NO_CLICK, CLICK_CONTROL, CLICK_PLACE, CLICK_RIGHT }

# Pixels by which a captured mouse moves in one decision, at most.
const _LOOK := 200.0
const _UI := "ui_"

## The actions of the input map that are pressed, in its order.
var actions: Array[StringName] = []

var _agent: RLAgent
var _watch: RLUnchangedWatch
var _hands: Array[RLDiscreteAction] = []
var _pointer := RLContinuousAction.new()
var _click := RLDiscreteAction.new()
var _delivered := 0
var _held: Array[StringName] = []
# The mouse button that is down, to be released in the next frame; 0 for none.
var _down := MOUSE_BUTTON_NONE
# An entry of a menu was chosen, and the key is to be released in the next frame.
var _is_choosing := false
var _at := Vector2.ZERO
var _hovered: Control
var _frame := -1


func _init(agent: RLUnchangedAgent, watch: RLUnchangedWatch, settings: Dictionary) -> void:
	_agent = agent
	_watch = watch
	agent.hands = self
	_find_actions(settings)
	for label: String in ["left_hand", "right_hand"]:
		var hand := RLDiscreteAction.new()
		hand.choices = maxi(2, actions.size() + 1)
		_hands.append(hand)
		_add(hand, label)
	_pointer.count = 2
	_add(_pointer, "pointer")
	_click.choices = CLICK_RIGHT + 1 if settings.get("clicks", true) else 2
	_add(_click, "click")


## Whether there is something to click, or nothing else may be clicked.
func aims_at_controls() -> bool:
	return _click.choices == 2 or not _watch.targets.all().is_empty()


## Whether a menu is open, which a click beside it closes.
func may_click_beside() -> bool:
	return _click.choices > 2 and _watch.targets.top_window() is Popup


## At the beginning of a frame: what the agent has decided becomes events.
func move() -> void:
	if _frame == Engine.get_process_frames():
		return
	_frame = Engine.get_process_frames()
	if _down != MOUSE_BUTTON_NONE:
		_press_mouse(_down, false)
		_down = MOUSE_BUTTON_NONE
		_hover(null)
	if _is_choosing:
		_choose(false)
	if _agent.decisions == _delivered:
		return
	_delivered = _agent.decisions
	_hold()
	_point()
	Input.flush_buffered_events()


func _add(action: RLAction, label: String) -> void:
	action.label = StringName(label)
	action.name = label
	_agent.add_child(action)


func _find_actions(settings: Dictionary) -> void:
	var named := PackedStringArray(settings.get("actions", []) as Array)
	var ui_actions := PackedStringArray(ProjectSettings.get_setting("spacetime_rl/ui_actions", []) as Array)
	for action: StringName in InputMap.get_actions():
		var wanted := not String(action).begins_with(_UI) or String(action) in ui_actions
		if not named.is_empty():
			wanted = Array(named).any(func(pattern: String) -> bool: return String(action).match(pattern))
		if wanted:
			actions.append(action)


func _hold() -> void:
	var wanted: Array[StringName] = []
	var rests := _watch.targets.is_among_files()
	for hand: RLDiscreteAction in _hands:
		if not rests and hand.value > 0 and hand.value <= actions.size() and actions[hand.value - 1] not in wanted:
			wanted.append(actions[hand.value - 1])
	for action: StringName in _held:
		if action not in wanted:
			_send(action, false)
	for action: StringName in wanted:
		if action not in _held:
			_send(action, true)
	_held = wanted


# The event that a person's device would send for this action.
func _send(action: StringName, pressed: bool) -> void:
	var events := InputMap.action_get_events(action)
	var event: InputEvent = null
	for kind: String in ["InputEventKey", "InputEventMouseButton", "InputEventJoypadButton", "InputEventJoypadMotion"]:
		for known: InputEvent in events:
			if event == null and known.is_class(kind):
				event = known.duplicate() as InputEvent
	if event == null:
		var plain := InputEventAction.new()
		plain.action = action
		event = plain
	event.device = 0
	if event is InputEventJoypadMotion:
		var motion := event as InputEventJoypadMotion
		motion.axis_value = motion.axis_value if pressed else 0.0
	else:
		event.set(&"pressed", pressed)
	if event is InputEventMouseButton:
		(event as InputEventMouseButton).position = _at
		(event as InputEventMouseButton).global_position = _at
	Input.parse_input_event(event)


func _point() -> void:
	var size := Vector2(_watch.window_size())
	var tilt := _pointer.vector2()
	var to := (tilt + Vector2.ONE) / 2.0 * size
	# Files of the machine are none of the game's: the dialog is cancelled, whatever was decided.
	var click := CLICK_CONTROL if _watch.targets.is_among_files() else _click.value
	var target: RLUnchangedTarget = null
	if click == CLICK_CONTROL:
		target = _nearest(to)
		if target == null:
			return
		to = target.place
	var is_captured := RLStandIn.mouse_mode == Input.MOUSE_MODE_CAPTURED
	_move_pointer(size / 2.0 if is_captured else to, tilt * _LOOK if is_captured else to - _at)
	if target != null and target.menu != null:
		target.menu.set_focused_item(target.entry)
		_choose(true)
	elif click != NO_CLICK:
		_hover(target.control if target != null else _watch.targets.control_at(to))
		_down = MOUSE_BUTTON_RIGHT if click == CLICK_RIGHT else MOUSE_BUTTON_LEFT
		_press_mouse(_down, true)


# Of a menu, the engine does not tell where its entries are: one is chosen as with the keyboard.
func _choose(pressed: bool) -> void:
	_is_choosing = pressed
	var event := InputEventAction.new()
	event.action = &"ui_accept"
	event.pressed = pressed
	Input.parse_input_event(event)
	Input.flush_buffered_events()


func _move_pointer(to: Vector2, relative: Vector2) -> void:
	_at = to
	if relative.is_zero_approx():
		return
	var motion := InputEventMouseMotion.new()
	motion.relative = relative
	motion.position = to
	motion.global_position = to
	Input.parse_input_event(motion)


# A button takes a click only while the mouse is over it, which a game without a window never finds out by itself.
func _hover(control: Control) -> void:
	if is_instance_valid(_hovered):
		_hovered.notification(Control.NOTIFICATION_MOUSE_EXIT)
	_hovered = control
	if control != null:
		control.notification(Control.NOTIFICATION_MOUSE_ENTER)


func _nearest(to: Vector2) -> RLUnchangedTarget:
	var best: RLUnchangedTarget = null
	for target: RLUnchangedTarget in _watch.targets.all():
		if best == null or target.place.distance_squared_to(to) < best.place.distance_squared_to(to):
			best = target
	return best


func _press_mouse(button: MouseButton, pressed: bool) -> void:
	var event := InputEventMouseButton.new()
	event.button_index = button
	event.button_mask = (1 << (button - 1)) as MouseButtonMask if pressed else 0 as MouseButtonMask
	event.pressed = pressed
	event.position = _at
	event.global_position = _at
	Input.parse_input_event(event)
	Input.flush_buffered_events()
