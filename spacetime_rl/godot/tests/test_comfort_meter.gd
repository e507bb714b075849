extends RLTest
## What the comfort proxies say about a motion that is known.

const TICK := 1.0 / 90.0


func test_an_easy_walk_is_fully_comfortable() -> void:
	var meter := _moved(90, Vector3(0.0, 0.0, -1.0), 0.5)
	check_close(meter.score(), 1.0, "score")
	check_close(meter.mean_score(), 1.0, "mean score")


func test_fast_turns_and_speed_and_a_tilted_head_cost_comfort() -> void:
	check_close(_moved(1, Vector3.ZERO, 1.2).score(), 0.7, "turning at 0.76 of the limit")
	check_close(_moved(1, Vector3(1.7, 0.0, 0.0), 0.0).score(), 0.8, "walking at 0.85 of the limit")
	check_close(_moved(1, Vector3.ZERO, 0.0, -0.31).score(), 0.8, "a roll of -0.31 rad")
	check_close(_moved(1, Vector3(1.7, 0.0, 0.0), -1.2, 0.31).score(), 0.3, "all at once")


func test_the_mean_is_over_the_time_of_the_episode() -> void:
	var meter := _moved(45, Vector3.ZERO, 1.5)
	for tick: int in 135:
		meter.tick(Vector3.ZERO, 0.0, TICK)
	check_close(meter.mean_score(), 0.925, "a quarter of the time at 0.7")


func test_dose_acceleration_and_jerk_follow_from_the_velocity() -> void:
	var meter := ComfortMeter.new()
	meter.reset(2.0, PI / 2.0)
	for tick: int in 90:
		meter.tick(Vector3(0.0, 0.0, -2.0 * (tick + 1) * TICK), 0.0, TICK)
	check_close(meter.acceleration(), 2.0, "m/s²", 1e-3)
	check_close(meter.dose(), 2.0, "2 m/s² for a second", 1e-3)
	var agent := _reported(meter)
	check_close(agent.get_metric(&"acceleration"), 2.0, "rms m/s²", 1e-3)
	# One step from 0 to 2 m/s² in a tick, spread over a second: sqrt((2 * 90)² / 90).
	check_close(agent.get_metric(&"jerk"), 2.0 * sqrt(90.0), "rms m/s³", 1e-2)


func test_the_vignette_is_reported_as_a_share_of_the_time_where_it_is_declared() -> void:
	var meter := ComfortMeter.new()
	meter.reset(2.0, PI / 2.0)
	for tick: int in 40:
		meter.tick(Vector3.ZERO, 0.5, TICK, 0.0, tick < 10)
	var agent := _reported(meter)
	check_close(agent.get_metric(&"vignette"), 0.25, "share")
	check_close(agent.get_metric(&"yaw_rate"), 0.5, "rms rad/s")
	var without: Array[StringName] = [&"comfort_score"]
	check_close(_reported(meter, without).get_metric(&"comfort_score"), 1.0, "score alone")


func test_a_new_episode_begins_at_rest() -> void:
	var meter := _moved(10, Vector3(2.0, 0.0, 0.0), 1.5, 0.5)
	meter.reset(2.0, PI / 2.0)
	check_close(meter.dose(), 0.0, "dose")
	meter.tick(Vector3.ZERO, 0.0, TICK)
	check_close(meter.mean_score(), 1.0, "score")
	check_close(meter.dose(), 0.0, "dose at rest")


func _moved(ticks: int, velocity: Vector3, yaw_rate: float, roll: float = 0.0) -> ComfortMeter:
	var meter := ComfortMeter.new()
	meter.reset(2.0, PI / 2.0)
	for tick: int in ticks:
		meter.tick(velocity, yaw_rate, TICK, roll)
	return meter


func _reported(meter: ComfortMeter, names: Array[StringName] = ComfortMeter.METRICS) -> RLAgent:
	var agent := RLAgent.new()
	agent.metric_names = names
	add_child(agent)
	agent.setup(RLArenaCore.new(null, RLSpace3D.new()), 0)
	meter.report(agent)
	return agent
