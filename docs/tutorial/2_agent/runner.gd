class_name Runner
extends CharacterBody2D
## Runs where the arrow keys say; or about, while the hunter learns.

const SPEED_PX_S := 200.0
## Seconds until it turns, while it runs about.
const LEG_S := 1.0

var _runs_about := false
var _rng: RandomNumberGenerator
var _leg := Vector2.ZERO
var _left_s := 0.0


func _physics_process(delta: float) -> void:
	velocity = (_run_about(delta) if _runs_about else _heading()) * SPEED_PX_S
	move_and_slide()


## A new round. All chance comes from the arena's generator, so that a round can be played again.
func begin(by_chance: bool, rng: RandomNumberGenerator) -> void:
	_runs_about = by_chance
	_rng = rng
	_left_s = 0.0


func _heading() -> Vector2:
	return Input.get_vector(&"ui_left", &"ui_right", &"ui_up", &"ui_down")


func _run_about(delta: float) -> Vector2:
	_left_s -= delta
	if _left_s <= 0.0 or get_slide_collision_count() > 0:
		_left_s = LEG_S
		_leg = Vector2.RIGHT.rotated(_rng.randf_range(-PI, PI))
	return _leg
