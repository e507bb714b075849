class_name ParkerAgent
extends RLAgent
## Drives the car into its bay, by a steering wheel and a pedal or by one choice of 15. Scripted: see ParkingDriver.

## Positions of the steering wheel, and of the pedal, that choices stand for: choice = 3 * wheel + pedal.
const WHEEL: Array[float] = [-1.0, -0.5, 0.0, 0.5, 1.0]
const PEDAL: Array[float] = [-1.0, 0.0, 1.0]

@export var drive: RLContinuousAction
@export var choice: RLDiscreteAction
@export var bumpers: BumperSensor

var _driver: ParkingDriver


## Keep one of the two actions, before the agent looks for what it acts by.
func keep_action(discrete: bool) -> void:
	if discrete:
		drive.free()
	else:
		choice.free()


## Steering wheel to the right, and pedal ahead, each from -1 to 1.
func wish() -> Vector2:
	if drive != null:
		return drive.vector2()
	@warning_ignore("integer_division")
	return Vector2(WHEEL[choice.value / PEDAL.size()], PEDAL[choice.value % PEDAL.size()])


func _heuristic(action: PackedFloat32Array) -> void:
	if _driver == null:
		_driver = ParkingDriver.new(body as HatchbackCar, arena as ParkingArena, bumpers)
	if decisions == 0:
		_driver.begin()
	_write(_driver.drive(), action)


func _human(action: PackedFloat32Array) -> void:
	var stick := RLHuman.left_stick()
	_write(Vector2(stick.x, clampf(stick.y + RLHuman.lift(), -1.0, 1.0)), action)


func _purpose() -> String:
	var ways := {"any": "", "nose": ", nose first", "tail": ", tail first"}
	return "Park in the green bay%s, and touch nothing." % ways[(arena as ParkingArena).way_in()]


func _controls() -> PackedStringArray:
	return [
		"A D, left stick: steer",
		"W, right trigger: drive ahead, or brake when rolling back",
		"S, left trigger: drive back, or brake when rolling ahead",
	]


func _readout() -> PackedStringArray:
	var car := body as HatchbackCar
	var lot := arena as ParkingArena
	return [
		"speed: %.1f m/s" % car.speed(),
		"distance to the bay: %.1f m" % lot.bay_distance(),
		"angle to the bay: %.0f degrees" % rad_to_deg(lot.bay.angle_to(car.global_transform, lot.way_in())),
		"free ahead: %.1f m, behind: %.1f m" % [bumpers.gap(true), bumpers.gap(false)],
	]


func _write(wanted: Vector2, action: PackedFloat32Array) -> void:
	if drive != null:
		action[0] = wanted.x
		action[1] = wanted.y
		return
	var wheel := clampi(roundi(2.0 * wanted.x) + 2, 0, WHEEL.size() - 1)
	var pedal := roundi(wanted.y) + 1 if absf(wanted.y) > 0.3 else 1
	action[0] = PEDAL.size() * wheel + pedal
