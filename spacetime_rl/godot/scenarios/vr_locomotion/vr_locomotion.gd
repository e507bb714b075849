class_name LocomotionArena
extends RLArena
## One course with its player: what is paid from waypoint to waypoint, and how the course ends.

## The reward terms of the table "first_agent".
const FIRST_AGENT: Array[StringName] = [&"waypoint", &"timeout", &"step", &"near", &"close", &"harsh_turn"]

@export var course: Course
@export var player: LocomotionPlayer

var settings: LocomotionParams

# The nearest that the player has been to its waypoint, and the metres gained in the running decision.
var _best := 0.0
var _gained := 0.0
var _decision_ticks := 0
var _fired := 0
# Whether the table "first_agent" pays.
var _as_first_agent := false


func _build() -> void:
	settings = params as LocomotionParams
	player.settings = settings
	course.build(settings)
	_as_first_agent = settings.reward_table == "first_agent"
	if _as_first_agent:
		player.agent.reward_names = FIRST_AGENT
	player.agent.episode_ended.connect(_report)
	SeededBug.plant(self, settings.bug)


func _begin_episode() -> void:
	max_ticks = RLGameTime.ticks_in(settings.time_limit_s)
	course.lay_out(rng, settings)
	player.gaze = course.marker.position
	player.stand(course.start, rng.randf_range(-PI, PI))
	_best = distance()
	_gained = 0.0
	_decision_ticks = 0
	_fired = 0


func _tick(_delta: float) -> void:
	if not player.agent.active:
		return
	_decision_ticks += 1
	_measure_progress()
	if distance() < settings.waypoint_radius:
		_reach_waypoint()
	elif ticks >= max_ticks:
		player.agent.add_reward(&"timeout", settings.reward_timeout)


func _end_decision() -> void:
	if _decision_ticks == 0:
		return
	if _as_first_agent:
		_pay_as_first_agent()
	else:
		var full := settings.max_speed * _decision_ticks / RLGameTime.ticks_per_second()
		player.agent.add_reward(&"alive", settings.reward_alive * _gained / full)
		player.agent.add_reward(&"strain", settings.reward_strain * player.vignette.intensity ** 2)
	_gained = 0.0
	_decision_ticks = 0
	_count_mishaps()
	player.pose()


func _landmarks() -> Dictionary[StringName, Vector3]:
	var places: Dictionary[StringName, Vector3] = {}
	for i: int in course.waypoints.size():
		places["waypoint_%d" % (i + 1)] = Vector3(course.waypoints[i].x, 0.0, course.waypoints[i].y)
	return places


func _landmark_radii() -> Dictionary[StringName, float]:
	var radii: Dictionary[StringName, float] = {}
	for landmark: StringName in _landmarks():
		radii[landmark] = settings.waypoint_radius
	return radii


## For the HTTP API: the next waypoint, seen from the player, and how far its rays reach, in metres.
func get_rl_observation() -> Dictionary:
	var target := Vector3(course.target().x, player.position.y, course.target().y)
	var lengths: Array[float] = []
	for sensor: RLSensor in player.agent.sensors:
		if sensor is CourseSensor:
			lengths = (sensor as CourseSensor).free_lengths()
	return {"goal_position": target - player.position, "goal_distance": distance(), "ray_sensors": lengths}


## Metres from the player to the next waypoint.
func distance() -> float:
	return course.target().distance_to(Vector2(player.position.x, player.position.z))


## Whether nothing has been bumped into and no vignette has fired in this episode.
func is_clean() -> bool:
	return player.agent.get_metric(&"collisions") == 0.0 and player.vignette.fired == 0


func _measure_progress() -> void:
	var now := distance()
	_gained += maxf(0.0, _best - now)
	_best = minf(_best, now)


func _reach_waypoint() -> void:
	player.agent.add_reward(&"waypoint", settings.reward_waypoint)
	player.agent.add_metric(&"waypoints", 1.0)
	if course.advance():
		player.gaze = course.marker.position
		_best = distance()
		return
	player.agent.set_metric(&"finished", 1.0)
	# Before it is judged: what has happened in this decision so far.
	_count_mishaps()
	if is_clean():
		_pay(&"clean", settings.reward_clean)
	player.agent.end(is_clean())


func _pay_as_first_agent() -> void:
	_pay(&"step", settings.reward_step, true)
	_pay(&"near", settings.reward_near / maxf(distance(), 1.0), true)
	if (player.agent as TravellerAgent).course_sensor.free_length_ahead() < LocomotionParams.CLOSE_M:
		_pay(&"close", settings.reward_close, true)
	if absf(player.sticks.values[2]) > LocomotionParams.HARSH:
		_pay(&"harsh_turn", settings.reward_harsh_turn, true)


## Count what has happened since the last call, and pay for it unless the table knows no mishaps.
func _count_mishaps() -> void:
	var collisions := player.contacts.take()
	if collisions > 0:
		_pay(&"collision", settings.reward_collision * collisions)
		player.agent.add_metric(&"collisions", collisions)
	var fired := player.vignette.fired - _fired
	_fired = player.vignette.fired
	if fired > 0:
		_pay(&"vignette", settings.reward_vignette * fired)
		player.agent.add_metric(&"vignettes", fired)


## Pay a term of one of the two tables, where that is the one in use.
func _pay(term: StringName, amount: float, of_first_agent := false) -> void:
	if _as_first_agent == of_first_agent:
		player.agent.add_reward(term, amount)


func _report(_success: bool) -> void:
	player.pose()
	player.agent.set_metric(&"course_time_s", RLGameTime.seconds_in(ticks))
	player.agent.set_metric(&"clean", 1.0 if is_clean() else 0.0)
	player.comfort.report(player.agent)
