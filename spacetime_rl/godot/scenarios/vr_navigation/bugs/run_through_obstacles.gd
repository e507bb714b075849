extends SeededBug
## Who pushes against an obstacle for half a second runs through it.

const RUN := 6.0

var _pushed_s := 0.0
var _heading := Vector3.ZERO
var _run_s := 0.0
var _place := Vector3.ZERO


func _begin() -> void:
	_pushed_s = 0.0
	_run_s = 0.0


func _act(delta: float) -> void:
	var player := (arena as NavigationArena).player
	if _run_s > 0.0:
		_run_s -= delta
		player.velocity = _heading * RUN
		_place += player.velocity * delta
		player.position = _place
		return
	_pushed_s = _pushed_s + delta if player.get_slide_collision_count() > 0 else 0.0
	if _pushed_s > 0.5:
		_pushed_s = 0.0
		_run_s = 0.5
		_place = player.position
		_heading = -player.get_slide_collision(0).get_normal() * Vector3(1.0, 0.0, 1.0)
