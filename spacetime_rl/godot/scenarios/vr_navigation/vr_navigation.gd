class_name NavigationArena
extends RLArena
## One map with its player: what is paid on the way to the goal, and how it ends.

## Below the map, in metres: the fall is over.
const DEPTH := -1.0

@export var map: NavigationMap
@export var player: NavigationPlayer
@export var goal: Node3D

var settings: NavigationParams

var _way := 0.0
var _distance := 0.0
var _best := 0.0
# Of the running decision: ticks, comfort scores and accelerations summed up over them.
var _decision_ticks := 0
var _scores := 0.0
var _accelerations := 0.0
# Ticks since the player was last nearer to the goal than ever before, and the most there were.
var _ticks_stuck := 0
var _most_ticks_stuck := 0


func _build() -> void:
	settings = params as NavigationParams
	player.settings = settings
	map.build(settings)
	player.agent.episode_ended.connect(_report)
	SeededBug.plant(self, settings.bug)


func _begin_episode() -> void:
	max_ticks = RLGameTime.ticks_in(settings.time_limit_s)
	map.lay_out(rng, settings)
	goal.position = Vector3(map.goal.x, 0.0, map.goal.y)
	player.stand(map.start, rng.randf_range(-PI, PI))
	_way = goal_distance()
	_distance = _way
	_best = _way
	_ticks_stuck = 0
	_most_ticks_stuck = 0
	_start_decision()


func _tick(_delta: float) -> void:
	if not player.agent.active:
		return
	_decision_ticks += 1
	_scores += pow(player.comfort.score(), settings.comfort_power)
	_accelerations += player.comfort.acceleration()
	if player.position.y < DEPTH:
		player.agent.add_reward(&"fall", settings.reward_fall)
		player.agent.set_metric(&"falls", 1.0)
		player.agent.end(false)
	elif not player.is_falling() and goal_distance() < settings.goal_radius:
		player.agent.add_reward(&"goal", settings.reward_goal)
		player.agent.end(true)
	elif ticks >= max_ticks:
		player.agent.add_reward(&"timeout", settings.reward_timeout)


func _end_decision() -> void:
	if _decision_ticks == 0:
		return
	_pay_progress()
	_pay_mishaps()
	_start_decision()
	player.pose()


func _landmarks() -> Dictionary[StringName, Vector3]:
	return {&"goal": goal.position}


func _landmark_radii() -> Dictionary[StringName, float]:
	return {&"goal": settings.goal_radius}


## Metres from the player to the goal, on the flat.
func goal_distance() -> float:
	var away := goal.position - player.position
	return Vector2(away.x, away.z).length()


func _start_decision() -> void:
	_decision_ticks = 0
	_scores = 0.0
	_accelerations = 0.0


func _pay_progress() -> void:
	var distance := goal_distance()
	player.agent.add_reward(&"progress", settings.reward_progress * (_distance - distance))
	_distance = distance
	var full := settings.max_speed * _decision_ticks / RLGameTime.ticks_per_second()
	var share := clampf((_best - distance) / full, 0.0, 1.0)
	_ticks_stuck = 0 if distance < _best else _ticks_stuck + _decision_ticks
	_most_ticks_stuck = maxi(_most_ticks_stuck, _ticks_stuck)
	_best = minf(_best, distance)
	player.agent.add_reward(&"comfort", settings.reward_comfort * share * _scores / _decision_ticks)
	if _accelerations / _decision_ticks <= settings.low_acceleration:
		player.agent.add_reward(&"low_acceleration", settings.reward_low_acceleration * share)


func _pay_mishaps() -> void:
	var collisions := player.contacts.take()
	if collisions > 0:
		player.agent.add_reward(&"collision", settings.reward_collision * collisions)
		player.agent.add_metric(&"collisions", collisions)
	var jumps := player.take_jumps()
	if jumps > 0:
		player.agent.add_reward(&"teleport", settings.reward_teleport * jumps)
		player.agent.add_metric(&"teleports", jumps)


func _report(_success: bool) -> void:
	player.pose()
	player.agent.set_metric(&"goal_distance", goal_distance())
	player.agent.set_metric(&"walked", player.walked)
	var efficiency := (_way - goal_distance()) / player.walked if player.walked > 0.0 else 0.0
	player.agent.set_metric(&"path_efficiency", clampf(efficiency, 0.0, 1.0))
	player.agent.set_metric(&"stuck_s", RLGameTime.seconds_in(_most_ticks_stuck))
	player.comfort.report(player.agent)
