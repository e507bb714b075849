class_name BenchArena
extends RLArena
## A walled floor with boxes, on which walkers go from one goal to the next until time is up.

@export var ground: BenchGround

var settings: BenchParams
var walkers: Array[BenchWalker] = []
var crowd := BenchCrowd.new()

# Not preloaded: this scene needs this script to load.
var _walker_scene: PackedScene = load("res://scenarios/bench/walker.tscn")


func _build() -> void:
	settings = params as BenchParams
	ground.build(settings.players)
	for i: int in settings.players:
		var walker: BenchWalker = _walker_scene.instantiate()
		walker.join(crowd, i)
		walkers.append(walker)
		add_child(walker)
	crowd.watch(walkers, ground.edge_m)
	SeededBug.plant(self, settings.bug)


func _begin_episode() -> void:
	max_ticks = RLGameTime.ticks_in(settings.time_limit_s)
	ground.scatter(rng)
	for walker: BenchWalker in walkers:
		walker.set_prices(settings)
		walker.stand(ground.take_spot(rng), rng.randf_range(-PI, PI))
		walker.pursue(ground.spot(rng))
	crowd.note_motion()


func _tick(_delta: float) -> void:
	crowd.note_motion()
	for walker: BenchWalker in walkers:
		if walker.distance_to_goal() < settings.goal_radius:
			walker.agent.add_reward(&"goal", settings.reward_goal)
			walker.agent.add_metric(&"goals", 1.0)
			walker.pursue(ground.spot(rng))
	if ticks >= max_ticks:
		for walker: BenchWalker in walkers:
			walker.agent.end(walker.agent.get_metric(&"goals") >= settings.goals, false)
