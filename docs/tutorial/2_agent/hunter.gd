class_name Hunter
extends CharacterBody2D
## Runs where its agent says.

const SPEED_PX_S := 220.0

@onready var agent: RLAgent = $Agent
@onready var move: RLContinuousAction = $Agent/Move


func _physics_process(_delta: float) -> void:
	if agent.active:
		velocity = move.vector2().limit_length() * SPEED_PX_S
		move_and_slide()
