class_name Room
extends RLArena2D
## A round: the hunter catches the runner, or time is up.

const REACH_PX := Vector2(400.0, 250.0)
const CAUGHT_PX := 40.0

@onready var runner: Runner = $Runner
@onready var hunter: Hunter = $Hunter


func _build() -> void:
	# One point for a hundred pixels that the hunter comes closer; going away costs the same.
	var progress := RLProgressReward.new()
	progress.target = runner
	progress.weight = 0.01
	hunter.agent.reward_terms = [progress, RLTimeReward.new()]


func _begin_episode() -> void:
	var settings := params as RoomParams
	max_ticks = settings.round_ticks
	runner.begin(settings.runs_about, rng)
	var left := Vector2(-320.0, rng.randf_range(-REACH_PX.y, REACH_PX.y))
	var right := Vector2(320.0, rng.randf_range(-REACH_PX.y, REACH_PX.y))
	RLPhysics2D.reset_body(runner, Transform2D(0.0, left))
	RLPhysics2D.reset_body(hunter, Transform2D(0.0, right))


func _tick(_delta: float) -> void:
	if hunter.agent.active and runner.position.distance_to(hunter.position) < CAUGHT_PX:
		hunter.agent.add_reward(&"caught", 10.0)
		hunter.agent.end(true)
