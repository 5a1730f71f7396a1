/* hotuser: functions of programs in which time is spent, by samples a thousand times a second. */
#pragma D option quiet

profile-997
/arg1 && ($target == 0 || pid == $target || progenyof($target))/
{
	@[usym(arg1)] = count();
}

END
{
	printf("%-50s %8s\n", "FUNCTION", "SAMPLES");
	printa("%-50A %@8d\n", @);
}
