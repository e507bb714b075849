class_name Runner
extends CharacterBody2D
## Runs where the arrow keys say.

const SPEED_PX_S := 200.0


func _physics_process(_delta: float) -> void:
	velocity = _heading() * SPEED_PX_S
	move_and_slide()


func _heading() -> Vector2:
	return Input.get_vector(&"ui_left", &"ui_right", &"ui_up", &"ui_down")
