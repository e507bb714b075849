class_name RLHuman
## A person's hands on keyboard and gamepad, as two sticks, a few axes and buttons: what `RLAgent._human` reads.
##
## Keys are taken by their place on the keyboard, so that WASD lies the same on every layout. The first gamepad counts.

## Stick positions nearer to the centre than this are a hand resting on the stick.
const DEAD_ZONE := 0.15

## What every key does where an agent does not name its own (`RLAgent._controls`).
const KEYS: Array[String] = [
	"WASD, left stick: walk",
	"arrows, right stick: look, turn",
	"Q / E, triggers: down / up",
	"Z / C, shoulder buttons: roll, sideways",
	"space, pad A: first button",
	"F, pad B: second button",
]

const _PAD := 0
const _BUTTONS: Array[Key] = [KEY_SPACE, KEY_F]
const _PAD_BUTTONS: Array[JoyButton] = [JOY_BUTTON_A, JOY_BUTTON_B]


## WASD or the left stick: x to the right, y ahead, no longer than 1.
static func left_stick() -> Vector2:
	return _stick(_keys(KEY_A, KEY_D), _keys(KEY_S, KEY_W), JOY_AXIS_LEFT_X, JOY_AXIS_LEFT_Y)


## Arrow keys or the right stick: x to the right, y ahead (or up), no longer than 1.
static func right_stick() -> Vector2:
	return _stick(_keys(KEY_LEFT, KEY_RIGHT), _keys(KEY_DOWN, KEY_UP), JOY_AXIS_RIGHT_X, JOY_AXIS_RIGHT_Y)


## Q (-1) and E (+1), or the left and the right trigger.
static func lift() -> float:
	var triggers := Input.get_joy_axis(_PAD, JOY_AXIS_TRIGGER_RIGHT) - Input.get_joy_axis(_PAD, JOY_AXIS_TRIGGER_LEFT)
	return clampf(_keys(KEY_Q, KEY_E) + triggers, -1.0, 1.0)


## Z (-1) and C (+1), or the left and the right shoulder button.
static func roll() -> float:
	var left := Input.is_joy_button_pressed(_PAD, JOY_BUTTON_LEFT_SHOULDER)
	var right := Input.is_joy_button_pressed(_PAD, JOY_BUTTON_RIGHT_SHOULDER)
	return clampf(_keys(KEY_Z, KEY_C) + float(right) - float(left), -1.0, 1.0)


## Whether a button is held: 0 is space or the pad's A, 1 is F or the pad's B.
static func button(n: int) -> bool:
	return Input.is_physical_key_pressed(_BUTTONS[n]) or Input.is_joy_button_pressed(_PAD, _PAD_BUTTONS[n])


static func _keys(minus: Key, plus: Key) -> float:
	return float(Input.is_physical_key_pressed(plus)) - float(Input.is_physical_key_pressed(minus))


static func _stick(x: float, y: float, axis_x: JoyAxis, axis_y: JoyAxis) -> Vector2:
	# A gamepad's y points down.
	var tilt := Vector2(Input.get_joy_axis(_PAD, axis_x), -Input.get_joy_axis(_PAD, axis_y))
	var pushed := tilt if tilt.length() > DEAD_ZONE else Vector2.ZERO
	return (Vector2(x, y) + pushed).limit_length(1.0)
