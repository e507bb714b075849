class_name LotCamera
extends Camera3D
## Stands above the end of the car park so that all of it is in view, and leans towards the car; for a window only.

## How far it leans towards the car: 0 not at all, 1 all the way.
const LEAN := 0.15

var _arena: ParkingArena


func _ready() -> void:
	set_process(DisplayServer.get_name() != "headless")
	fov = 42.0
	far = 4000.0


func _process(_delta: float) -> void:
	if _arena == null:
		_arena = get_parent().find_children("*", "ParkingArena", true, false).pop_front() as ParkingArena
		return
	if not _arena.core.is_running():
		return
	var half := _arena.lot.half
	var middle := _arena.car.global_position * LEAN * Vector3(1.0, 0.0, 1.0)
	# Far enough for the width of the lot at a screen of 16 to 9.
	var away := maxf(half.x, half.y * 1.75) + 4.0
	look_at_from_position(
		middle * 0.6 + Vector3(-0.1 * away, away * 0.95, away * 0.95), middle + Vector3(0.0, 0.0, 0.6)
	)
