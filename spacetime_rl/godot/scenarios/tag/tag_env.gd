class_name TagEnv
extends RLEnv
## An RLEnv with the settings of tag that other tag trainers have, under their names.

## The first player begins the first round as it. Without it the others do, and it hides.
@export var ai_is_it := true
## One policy, `player`, for everybody. Without it there are two, `seeker` and `hider`.
@export var shared := false
## What tagging somebody pays.
@export var tag_bonus := 5.0
## What a metre nearer to the nearest player of the other role pays who is it.
@export var progress_reward_scale := 0.5
## What a metre further away from the nearest who is it pays those who hide.
@export var away_reward_scale := 0.0
## What the distance to the nearest player of the other role costs who is it, a decision, in map sides.
@export var distance_reward_scale := 0.0
## What every decision costs who is it.
@export var seeker_time_penalty := 0.01
## What winning a round pays; a round lost costs the same.
@export var win_bonus := 5.0


func _scenario_params() -> Dictionary:
	var found := {
		"shared": shared,
		"start_role": "seeker" if ai_is_it else "hider",
		"reward_tag": tag_bonus,
		"reward_progress": progress_reward_scale,
		"reward_away": away_reward_scale,
		"reward_distance": distance_reward_scale,
		"reward_time": -seeker_time_penalty,
		"reward_win": win_bonus,
	}
	found.merge(params, true)
	return found
