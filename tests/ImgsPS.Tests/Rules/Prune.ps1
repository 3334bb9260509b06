# Prune, rules P: the module's is a pipeline. Dot-sourced by DockerRules.Tests.ps1.
$loaded = 'L3: podman has a digest for each name'
$pruned = 'P6: podman counts the sizes of the images that go, the module knows none of the layers'' there'
$refused = "P3: podman 4.3 refuses prune -a of the docker CLI; $loaded"
$age = @(
    'left: age/mid:1 sha256:(mid1-manifest) sha256:(mid1)'
    'left: age/mid:2 sha256:(mid2-manifest) sha256:(mid2)'
    'left: age/mid:extra sha256:(mid1-manifest) sha256:(mid1)'
    'left: age/new:1 sha256:(new-manifest) sha256:(new)'
    'left: age/nodate:1 sha256:(nodate-manifest) sha256:(nodate)'
    'left: age/old:1 sha256:(old-manifest) sha256:(old)'
)
New-Rule P2 'prune takes what has no name, and says the bytes (P6)' -Setup { Import-RuleImage web, age } -Docker { Show-DockerPrune } `
    -Module { Get-Image | Where-Object Dangling | Remove-Image -PassThru | Show-Prune } -Podman "$pruned; $loaded" -PodmanAnswers (
    @('Deleted: sha256:(loose)', 'Total reclaimed space: 0B', 'exit 0') + $age + @('left: web:1 sha256:(web-manifest) sha256:(web)'))
New-Rule P2 'prune and an image pulled by digest' -Setup { Import-RuleImage web, age; Add-RulePull "team/app@$((Get-RuleWorld).app2)" } `
    -Docker { Show-DockerPrune } -Module { Get-Image | Where-Object Dangling | Remove-Image -PassThru | Show-Prune } `
    -Declared 'P2: a pinned image is kept' `
    -Answers 'Deleted: sha256:(loose)', 'Total reclaimed space: 0B', 'exit 0', 'left: age/mid:1 <none> sha256:(mid1)', 'left: age/mid:2 <none> sha256:(mid2)', 'left: age/mid:extra <none> sha256:(mid1)', 'left: age/new:1 <none> sha256:(new)', 'left: age/nodate:1 <none> sha256:(nodate)', 'left: age/old:1 <none> sha256:(old)', 'left: reg/team/app:<none> sha256:(app2-manifest) sha256:(app2)', 'left: web:1 <none> sha256:(web)' -Podman "P2: podman keeps an image that was pulled by digest too; $pruned; $loaded" -PodmanAnswers (@('Deleted: sha256:(loose)', 'Total reclaimed space: 0B', 'exit 0') + $age + @('left: reg/team/app:<none> sha256:(app2-manifest) sha256:(app2)', 'left: web:1 sha256:(web-manifest) sha256:(web)'))
New-Rule P3 'prune -a takes what no container uses, with all names, and says the bytes (P6)' `
    -Setup { Import-RuleImage child, bare; Add-RuleTag bare:1 bare:2, other/bare:1; Add-RuleContainer one web:1 running } `
    -Docker { Show-DockerPrune -a } -Module { Get-Image | Where-Object { -not $_.InUse } | Remove-Image -PassThru | Show-Prune } `
    -Podman $refused -PodmanAnswers 'Deleted: sha256:(bare)', 'Deleted: sha256:(child)', 'Deleted: sha256:(step)',
    'Total reclaimed space: 0B', 'Untagged: bare:1', 'Untagged: bare:2', 'Untagged: child:1', 'Untagged: other/bare:1', 'exit 0',
    'left: web:1 sha256:(web-manifest) sha256:(web)'
New-Rule P3 'prune -a leaves the images of stopped containers' `
    -Setup { Import-RuleImage web, bare; Add-RuleContainer one web:1 exited; Add-RuleContainer two bare:1 created } `
    -Docker { Show-DockerPrune -a } -Module { Get-Image | Where-Object { -not $_.InUse } | Remove-Image -PassThru | Show-Prune } `
    -Podman $refused -PodmanAnswers 'Total reclaimed space: 0B', 'exit 0', 'left: bare:1 sha256:(bare-manifest) sha256:(bare)',
    'left: web:1 sha256:(web-manifest) sha256:(web)'
New-Rule P3 'prune -a takes pulled images with their digest references' -Setup { Add-RulePull team/app:1, team/app:2 } `
    -Docker { Show-DockerPrune -a } -Module { Get-Image | Where-Object { -not $_.InUse } | Remove-Image -PassThru | Show-Prune } `
    -Podman $refused -PodmanAnswers 'Deleted: sha256:(app1)', 'Deleted: sha256:(app2)', 'Total reclaimed space: 0B',
    'Untagged: reg/team/app:1', 'Untagged: reg/team/app:2', 'exit 0'
New-Rule P2 'prune -a and an image pulled by digest' `
    -Setup { Import-RuleImage web; Add-RuleContainer one web:1 running; Add-RulePull "team/app@$((Get-RuleWorld).app2)" } `
    -Docker { Show-DockerPrune -a } -Module { Get-Image | Where-Object { -not $_.InUse } | Remove-Image -PassThru | Show-Prune } `
    -Declared 'P2: a pinned image is kept' `
    -Answers 'warning: reg/team/app@sha256:(app2-manifest) is kept in the store ''docker'': it was pulled by digest. -IncludePinned removes such an image when it is piped, and its name removes it too.', 'Total reclaimed space: 0B', 'exit 0', 'left: reg/team/app:<none> sha256:(app2-manifest) sha256:(app2)', 'left: web:1 <none> sha256:(web)' -Podman $refused -PodmanAnswers 'warning: reg/team/app@sha256:(app2-manifest) is kept in the store ''docker'': it was pulled by digest. -IncludePinned removes such an image when it is piped, and its name removes it too.', 'Total reclaimed space: 0B', 'exit 0', 'left: reg/team/app:<none> sha256:(app2-manifest) sha256:(app2)', 'left: web:1 sha256:(web-manifest) sha256:(web)'
New-Rule P1 'prune with a label' -Setup { Import-RuleImage age } -Docker { Show-DockerPrune -a --filter label=tier=front } `
    -Module { Get-Image -Filter label=tier=front | Where-Object { -not $_.InUse } | Remove-Image -PassThru | Show-Prune } `
    -Podman $refused -PodmanAnswers 'Deleted: sha256:(new)', 'Deleted: sha256:(old)', 'Total reclaimed space: 0B', 'Untagged: age/new:1',
    'Untagged: age/old:1', 'exit 0', 'left: <none>:<none> <none> sha256:(loose)', 'left: age/mid:1 sha256:(mid1-manifest) sha256:(mid1)',
    'left: age/mid:2 sha256:(mid2-manifest) sha256:(mid2)', 'left: age/mid:extra sha256:(mid1-manifest) sha256:(mid1)',
    'left: age/nodate:1 sha256:(nodate-manifest) sha256:(nodate)'
New-Rule P1 'prune with a label that must not be' -Setup { Import-RuleImage age } `
    -Docker { Show-DockerPrune -a --filter 'label!=tier=front' } `
    -Module { Get-Image -Filter 'label!=tier=front' | Where-Object { -not $_.InUse } | Remove-Image -PassThru | Show-Prune } `
    -Podman $refused -PodmanAnswers 'Deleted: sha256:(loose)', 'Deleted: sha256:(mid1)', 'Deleted: sha256:(mid2)',
    'Deleted: sha256:(nodate)', 'Total reclaimed space: 0B', 'Untagged: age/mid:1', 'Untagged: age/mid:2', 'Untagged: age/mid:extra',
    'Untagged: age/nodate:1', 'exit 0', 'left: age/new:1 sha256:(new-manifest) sha256:(new)',
    'left: age/old:1 sha256:(old-manifest) sha256:(old)'
New-Rule P4 'prune with until keeps what has no date' -Setup { Import-RuleImage age } `
    -Docker { Show-DockerPrune -a --filter until=2021-01-01T00:00:00Z } `
    -Module { Get-Image -Filter until=2021-01-01T00:00:00Z | Where-Object { -not $_.InUse } | Remove-Image -PassThru | Show-Prune } `
    -Declared 'P4: docker 20.10 takes an image without a date for the oldest' `
    -Answers 'Deleted: sha256:(old)', 'Total reclaimed space: 0B', 'Untagged: age/old:1', 'exit 0',
    'left: <none>:<none> <none> sha256:(loose)', 'left: age/mid:1 <none> sha256:(mid1)', 'left: age/mid:2 <none> sha256:(mid2)',
    'left: age/mid:extra <none> sha256:(mid1)', 'left: age/new:1 <none> sha256:(new)', 'left: age/nodate:1 <none> sha256:(nodate)' `
    -Podman $refused -PodmanAnswers 'Deleted: sha256:(old)', 'Total reclaimed space: 0B', 'Untagged: age/old:1', 'exit 0',
    'left: <none>:<none> <none> sha256:(loose)', 'left: age/mid:1 sha256:(mid1-manifest) sha256:(mid1)',
    'left: age/mid:2 sha256:(mid2-manifest) sha256:(mid2)', 'left: age/mid:extra sha256:(mid1-manifest) sha256:(mid1)',
    'left: age/new:1 sha256:(new-manifest) sha256:(new)', 'left: age/nodate:1 sha256:(nodate-manifest) sha256:(nodate)'
New-Rule P5 'prune leaves an image without a name that a container uses' `
    -Setup { Import-RuleImage web, age; Add-RuleContainer one web:1 running; docker rmi -f web:1 } -Docker { Show-DockerPrune } `
    -Module { Get-Image | Where-Object { $_.Dangling -and -not $_.InUse } | Remove-Image -PassThru | Show-Prune } `
    -Podman "D8: podman's rmi -f took the container and the image; $pruned; $loaded" `
    -PodmanAnswers (@('Deleted: sha256:(loose)', 'Total reclaimed space: 0B', 'exit 0') + $age)
