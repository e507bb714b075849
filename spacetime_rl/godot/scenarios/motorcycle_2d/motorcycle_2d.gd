class_name MotorcycleArena
extends RLArena2D
## One motorcycle on a track of its own: what a ride pays, and how it ends.

@export var track: MotorcycleTrack
@export var bike: Motorcycle

var settings: MotorcycleParams
var wind := MotorcycleWind.new()

var _furthest := 0.0


func _build() -> void:
	settings = params as MotorcycleParams
	track.build(settings)
	bike.arena = self
	bike.controls.keep(settings.actions)
	if DisplayServer.get_name() != "headless":
		add_child(MotorcycleView.new(self))
	SeededBug.plant(self, settings.bug)


func _begin_episode() -> void:
	max_ticks = RLGameTime.ticks_in(settings.time_limit_s)
	# Each with a seed of its own: a switch leaves the others' draws as they are.
	track.lay_out(rng.randi(), rng.randi(), settings)
	wind.begin(rng.randi(), settings)
	bike.stand(0.0, 0.0)
	_furthest = 0.0


func _tick(delta: float) -> void:
	wind.blow(ticks * delta)
	if not bike.agent.active:
		return
	_measure(delta)
	if has_crashed():
		bike.agent.add_reward(&"crash", settings.reward_crash)
		bike.agent.set_metric(&"crashed", 1.0)
		bike.agent.end(false)
	elif has_finished():
		bike.agent.add_reward(&"finish", settings.reward_finish)
		bike.agent.end(true)
	elif ticks >= max_ticks:
		bike.agent.add_reward(&"timeout", settings.reward_timeout)


func _end_decision() -> void:
	if not bike.agent.active:
		return
	bike.agent.add_reward(&"time", settings.reward_time)


## Rider or frame on the ground, or upside down.
func has_crashed() -> bool:
	var down := bike.touches(bike) or bike.touches(bike.rider)
	return down or absf(bike.pitch()) > deg_to_rad(settings.crash_deg)


## Beyond the finish, upright, with a wheel on the ground.
func has_finished() -> bool:
	var on_wheels := bike.touches(bike.rear) or bike.touches(bike.front)
	return bike.position.x >= track.finish and on_wheels and absf(bike.pitch()) <= deg_to_rad(settings.finish_deg)


## Metres to the finish.
func distance() -> float:
	return (track.finish - bike.position.x) / MotorcycleTrack.PX


func _landmarks() -> Dictionary[StringName, Vector2]:
	return {&"finish": Vector2(track.finish, track.y_at(track.finish))}


func _measure(delta: float) -> void:
	var agent := bike.agent
	var gone := bike.position.x / MotorcycleTrack.PX
	if gone > _furthest:
		agent.add_reward(&"progress", settings.reward_progress * (gone - _furthest))
		_furthest = gone
	agent.set_metric(&"metres", _furthest)
	agent.set_metric(&"seconds", ticks * delta)
	if not bike.touches(bike.rear) and not bike.touches(bike.front):
		agent.add_metric(&"air_s", delta)
	agent.set_metric(&"top_speed", maxf(agent.get_metric(&"top_speed"), bike.speed().length()))
