BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-Module "$PSScriptRoot/SecretSearch.psm1"
    Import-TestModule
    $registry = Start-TestRegistry
    $address = $registry.Host
    $image = Add-TestImage $registry 'team/app:1' @{ labels = @{ env = 'prod' }; created = '2024-01-15T08:30:00Z';
        layers = @(@{ seed = 1; size = 4000 }, @{ seed = 2; size = 300000 }) }
    $index = Add-TestIndex $registry 'team/multi:1' @{ architecture = 'amd64' }, @{ architecture = 'arm64'; variant = 'v8' },
        @{ os = 'windows'; architecture = 'amd64'; osVersion = '10.0.20348.2322' }
    $null = Add-TestImage $registry 'team/latest:latest'
    $null = Add-TestImage $registry 'team/tags:a' @{ layers = @(@{ seed = 11; size = 1000 }) }
    $null = Add-TestImage $registry 'team/tags:b' @{ layers = @(@{ seed = 12; size = 1000 }) }
    $null = Add-TestImage $registry 'team/tags:c' @{ layers = @(@{ seed = 13; size = 1000 }) }
}

AfterAll {
    Stop-TestRegistry $registry
}

Describe 'Invoke-ImagePull' {
    BeforeEach {
        $store = New-TestStore
        Reset-TestRegistry $registry
    }

    AfterEach {
        Remove-TestStore $store
    }

    Context 'what it pulls' {
        It 'emits the image that the tag names' {
            $pulled = Invoke-ImagePull "$address/team/app:1"
            $pulled | Should -BeOfType ImgsPS.Image
            $pulled.Reference | Should -Be "$address/team/app:1"
            $pulled.Repository | Should -Be "$address/team/app"
            $pulled.Tag | Should -Be '1'
            $pulled.Id | Should -Be $image.id
            $pulled.Digest | Should -Be $image.digest
            $pulled.Created | Should -Be ([DateTimeOffset]'2024-01-15T08:30:00Z')
            $pulled.Size | Should -BeOfType long
            $pulled.Labels['env'] | Should -Be 'prod'
            $pulled.Layers.Count | Should -Be 2
            $pulled.Store | Should -Be 'local'
            $pulled.Dangling | Should -BeFalse
        }

        It 'pulls by digest' {
            $pulled = Invoke-ImagePull "$address/team/app@$($image.digest)"
            $pulled.Tag | Should -BeNullOrEmpty
            $pulled.Digest | Should -Be $image.digest
            $pulled.Dangling | Should -BeFalse
        }

        It 'takes one platform of an index, and the digest is the index''s (U2)' {
            $pulled = Invoke-ImagePull "$address/team/multi:1" -Platform linux/arm64
            $pulled.Architecture | Should -Be 'arm64'
            $pulled.Digest | Should -Be $index.digest
            $windows = Invoke-ImagePull "$address/team/multi:1" -Platform windows/amd64
            $windows.OS | Should -Be 'windows'
            $windows.OSVersion | Should -Be '10.0.20348.2322'
        }

        It 'takes all platforms with -AllPlatforms' {
            Invoke-ImagePull "$address/team/multi:1" -AllPlatforms | Should -Not -BeNullOrEmpty
            Get-TestRequest $registry | Where-Object { $_ -like 'GET */manifests/sha256:*' } | Should -HaveCount 3
        }

        It 'pulls every tag with -AllTags' {
            (Invoke-ImagePull "$address/team/tags" -AllTags).Tag | Sort-Object | Should -Be 'a', 'b', 'c'
        }

        It 'makes one HEAD request for an unchanged tag' {
            $null = Invoke-ImagePull "$address/team/app:1"
            Reset-TestRegistry $registry
            (Invoke-ImagePull "$address/team/app:1").Digest | Should -Be $image.digest
            Get-TestRequest $registry | Should -Be 'HEAD /v2/team/app/manifests/1'
        }

        It 'goes into the store that -Store names, read as PowerShell reads paths' {
            $null = New-Item -ItemType Directory -Path (Join-Path $TestDrive 'stores')
            $null = New-PSDrive -Name ImgsTest -PSProvider FileSystem -Root (Join-Path $TestDrive 'stores')
            try {
                $pulled = Invoke-ImagePull "$address/team/app:1" -Store 'ImgsTest:\other'
                $pulled.Store | Should -Be (Join-Path $TestDrive 'stores/other')
                Test-Path (Join-Path $TestDrive 'stores/other/oci-layout') | Should -BeTrue
                Get-Image | Should -BeNullOrEmpty
            }
            finally {
                Remove-PSDrive ImgsTest
            }
        }

        It 'is also called Pull-Image' {
            (Pull-Image "$address/team/app:1").Id | Should -Be $image.id
        }
    }

    Context 'what it binds' {
        It 'takes several references' {
            (Invoke-ImagePull "$address/team/app:1", "$address/team/tags:a").Tag | Should -Be '1', 'a'
        }

        It 'takes <Form> from the pipeline' -ForEach @(
            @{ Form = 'a string'; Value = { "$address/team/app:1" } }
            @{ Form = 'an object with Reference'; Value = { [pscustomobject]@{ Reference = "$address/team/app:1" } } }
            @{ Form = 'an object with Name'; Value = { [pscustomobject]@{ Name = "$address/team/app:1" } } }
            @{ Form = 'a CSV row'; Value = { "Reference,Owner", "$address/team/app:1,me" | ConvertFrom-Csv } }
            @{ Form = 'an Image'; Value = { Invoke-ImagePull "$address/team/app:1" } }
            @{ Form = 'a deserialized Image'; Value = { $i = Invoke-ImagePull "$address/team/app:1";
                [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($i)) } }
        ) {
            $pulled = & $Value | Invoke-ImagePull
            $pulled.Reference | Should -Be "$address/team/app:1"
        }

        It 'asks no registry with -WhatIf (RU1)' {
            Invoke-ImagePull "$address/team/app:1" -WhatIf | Should -BeNullOrEmpty
            Get-TestRequest $registry | Should -BeNullOrEmpty
            Get-Image | Should -BeNullOrEmpty
        }

        It 'refuses -Platform together with -AllPlatforms' {
            { Invoke-ImagePull "$address/team/multi:1" -Platform linux/amd64 -AllPlatforms } |
                Should -Throw -ErrorId 'AmbiguousParameterSet,ImgsPS.Cmdlets.InvokeImagePullCommand'
        }

        It 'refuses a platform that is none' {
            { Invoke-ImagePull "$address/team/multi:1" -Platform 'linux/amd64/v1/x/y' } |
                Should -Throw -ErrorId 'InvalidArgument,ImgsPS.Cmdlets.InvokeImagePullCommand'
        }

        It 'refuses a store that is none' {
            { Invoke-ImagePull "$address/team/app:1" -Store 'nodrive:\x' } |
                Should -Throw -ErrorId 'InvalidArgument,ImgsPS.Cmdlets.InvokeImagePullCommand'
            { Invoke-ImagePull "$address/team/app:1" -Store 'env:\x' } | Should -Throw "'env:\x' is not a store*"
        }

        It 'refuses <Proxy>, which is no address of a proxy' -ForEach @(
            @{ Proxy = 'proxy' }
            @{ Proxy = 'proxy:3128' }
            @{ Proxy = 'ftp://proxy:3128' }
        ) {
            { Invoke-ImagePull x -Proxy $Proxy } | Should -Throw "'*' is not the address of a proxy*" -ErrorId 'InvalidArgument,*'
        }

        It 'refuses <Realm>, which is no host of a token service' -ForEach @(
            @{ Realm = 'a b' }
            @{ Realm = 'http://auth.example.com' }
            @{ Realm = 'https://user@auth.example.com' }
        ) {
            { Invoke-ImagePull x -TrustedRealm $Realm } | Should -Throw '*is not the host of a token service*' -ErrorId 'InvalidArgument,*'
        }

        It 'says that a blank reference is empty' {
            Invoke-ImagePull '  ' -ErrorAction SilentlyContinue -ErrorVariable failed
            $failed[0].FullyQualifiedErrorId | Should -Be 'InvalidReference,ImgsPS.Cmdlets.InvokeImagePullCommand'
            $failed[0].ErrorDetails.RecommendedAction | Should -BeLike 'The reference is empty.*'
        }

        It 'refuses two kinds of credentials for a proxy' {
            $credential = Get-TestCredential Proxy
            { Invoke-ImagePull x -Proxy http://127.0.0.1:1 -ProxyUseDefaultCredentials -ProxyCredential $credential } |
                Should -Throw '*cannot be used together*'
        }
    }

    Context 'what it tells' {
        It 'warns once of a variable that cannot be read (RC1)' {
            $null = Invoke-TestRegistry $registry options @{ auth = 'bearer'; users = @{ bob = Get-TestSecret Registry };
                anonymousPull = $true }
            $env:DOCKER_AUTH_CONFIG = 'junk'
            try {
                $null = Invoke-ImagePull "$address/team/app:1", "$address/team/tags:a" -WarningAction SilentlyContinue `
                    -WarningVariable warnings
                $warnings | Should -HaveCount 1
                $warnings.Message | Should -BeLike '*DOCKER_AUTH_CONFIG*'
            }
            finally {
                $env:DOCKER_AUTH_CONFIG = $null
                $null = Invoke-TestRegistry $registry options @{ auth = 'none' }
            }
        }

        It 'does not ask with -Debug where nobody can answer' {
            $lines = Invoke-TestShell "Import-Module '$(Get-TestModulePath)'; `$env:IMGSPS_STORE = '$env:IMGSPS_STORE'; (Invoke-ImagePull $address/team/app:1 -Debug).Id"
            $lines | Should -Contain $image.id
            "$lines" | Should -Not -BeLike '*NonInteractive mode*'
            @($lines -like '*DEBUG: 1: Pulling from team/app*') | Should -HaveCount 1
        } -Skip:($PSVersionTable.PSVersion.Major -lt 7) # Windows PowerShell asks after each debug line, whatever writes it.

        It 'says that it takes latest (N7)' {
            $verbose = Invoke-ImagePull "$address/team/latest" -Verbose 4>&1 |
                Where-Object { $_ -is [System.Management.Automation.VerboseRecord] }
            @($verbose.Message -eq 'Using default tag: latest') | Should -HaveCount 1
        }

        It 'tells what docker tells of a pull (U1)' {
            $text = Invoke-ImagePull "$address/team/app:1" -Verbose 4>&1 | ForEach-Object { "$_" }
            $text | Should -Contain "Digest: $($image.digest)"
            $text | Should -Contain "Status: Downloaded newer image for $address/team/app:1"
            @($text -like '*Pull complete*') | Should -HaveCount 2
            $again = Invoke-ImagePull "$address/team/app:1" -Verbose 4>&1 | ForEach-Object { "$_" }
            $again | Should -Contain "Status: Image is up to date for $address/team/app:1"
        }

        It 'shows requests but no password with -Debug (RC4)' {
            $null = Invoke-TestRegistry $registry options @{ auth = 'basic'; users = @{ bob = Get-TestSecret Registry } }
            try {
                $credential = Get-TestCredential Registry
                $text = & { $DebugPreference = 'Continue'; Invoke-ImagePull "$address/team/app:1" -Credential $credential `
                    -Verbose } 4>&1 5>&1 | Out-String
                $text | Should -Match '/v2/team/app/'
                Find-TestSecret $text | Should -BeNullOrEmpty
            }
            finally {
                $null = Invoke-TestRegistry $registry options @{ auth = 'none' }
            }
        }
    }

    Context 'errors' {
        It 'goes on with the other references' {
            $pulled = "$address/team/app:1", 'team/UPPER', "$address/none/such:1", "$address/team/tags:a" |
                Invoke-ImagePull -ErrorAction SilentlyContinue -ErrorVariable failed
            $pulled.Tag | Should -Be '1', 'a'
            $failed.TargetObject | Should -Be 'team/UPPER', "$address/none/such:1"
        }

        It 'says what the registry does not have, in docker''s words (U13)' {
            $null = Invoke-ImagePull "$address/team/app:nosuch" -ErrorAction SilentlyContinue -ErrorVariable failed
            $failed[0].FullyQualifiedErrorId | Should -Be 'ImageNotFound,ImgsPS.Cmdlets.InvokeImagePullCommand'
            $failed[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
            $failed[0].TargetObject | Should -Be "$address/team/app:nosuch"
            $failed[0].Exception.Message | Should -BeLike "manifest for $address/team/app:nosuch not found*"
            $failed[0].Exception | Should -BeOfType ImgsPS.ImageException
        }

        It 'gives advice once: under the message where PowerShell prints it, else as a second sentence' {
            $null = Invoke-ImagePull 'team/UPPER' -ErrorAction SilentlyContinue -ErrorVariable failed
            $failed[0].FullyQualifiedErrorId | Should -Be 'InvalidReference,ImgsPS.Cmdlets.InvokeImagePullCommand'
            $failed[0].Exception.Message | Should -BeLike '*must be lowercase*'
            $failed[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
            $screen = $failed | Out-String -Width 500
            ($screen -split [regex]::Escape($failed[0].ErrorDetails.RecommendedAction)).Count | Should -Be 2
        }

        It 'lists the platforms when none fits (U5)' {
            $null = Invoke-ImagePull "$address/team/multi:1" -Platform linux/s390x -ErrorAction SilentlyContinue -ErrorVariable failed
            $failed[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
            "$($failed[0])" | Should -BeLike '*no matching manifest for linux/s390x in the manifest list entries*'
            "$($failed[0])" | Should -BeLike '*linux/arm64*'
        }

        It 'refuses a tag with -AllTags (N7)' {
            $null = Invoke-ImagePull "$address/team/tags:a" -AllTags -ErrorAction SilentlyContinue -ErrorVariable failed
            $failed[0].Exception.Message | Should -Be "'$address/team/tags:a' has a tag, which cannot be used with -AllTags"
            $failed[0].FullyQualifiedErrorId | Should -Be 'InvalidArgument,ImgsPS.Cmdlets.InvokeImagePullCommand'
        }

        It 'ends at the first failure with -ErrorAction Stop' {
            # The second is pulled beside the first: it must not have ended when the first fails.
            Add-TestFault $registry @{ action = 'stall'; match = '^GET .*/team/app/blobs/'; bytes = 100 }
            { "$address/none/such:1", "$address/team/app:1" | Invoke-ImagePull -ErrorAction Stop } |
                Should -Throw -ErrorId 'ImageNotFound,ImgsPS.Cmdlets.InvokeImagePullCommand'
            Get-Image | Should -BeNullOrEmpty
        }

        It 'says that credentials are needed' {
            $null = Invoke-TestRegistry $registry options @{ auth = 'basic'; users = @{ bob = Get-TestSecret Registry } }
            try {
                $null = Invoke-ImagePull "$address/team/app:1" -ErrorAction SilentlyContinue -ErrorVariable failed
                $failed[0].CategoryInfo.Category | Should -BeIn 'AuthenticationError', 'PermissionDenied'
                $failed[0].ErrorDetails.RecommendedAction | Should -BeLike '*-Credential*'
                $credential = Get-TestCredential Registry
                (Invoke-ImagePull "$address/team/app:1" -Credential $credential).Id | Should -Be $image.id
            }
            finally {
                $null = Invoke-TestRegistry $registry options @{ auth = 'none' }
            }
        }

        It 'never keeps wrong bytes (RN18)' {
            Add-TestFault $registry @{ action = 'wrongBytes'; match = '^GET .*/blobs/' }
            $null = Invoke-ImagePull "$address/team/app:1" -ErrorAction SilentlyContinue -ErrorVariable failed
            $failed[0].FullyQualifiedErrorId | Should -Be 'IntegrityFailure,ImgsPS.Cmdlets.InvokeImagePullCommand'
            $failed[0].CategoryInfo.Category | Should -Be 'SecurityError'
            Get-Image | Should -BeNullOrEmpty
        }
    }

    Context 'progress' {
        It 'has an activity for the image, one below it for each layer, and completes them' {
            # A job has a host that takes progress; a runspace made by hand has none.
            Add-TestFault $registry @{ action = 'slow'; match = '^GET .*/blobs/'; bytes = 200000 }
            $path = Get-TestModulePath
            $job = Start-Job { Import-Module $using:path; $env:IMGSPS_STORE = $using:store; Invoke-ImagePull "$using:address/team/app:1" }
            $null = Wait-Job $job
            $records = @($job.ChildJobs[0].Progress | Where-Object { $_.Activity -notlike 'Preparing*' })
            Remove-Job $job
            $parent = @($records | Where-Object ParentActivityId -EQ -1)
            $parent.Activity | Select-Object -Unique | Should -Be "Pulling $address/team/app:1"
            $children = @($records | Where-Object ParentActivityId -NE -1)
            $children | Should -Not -BeNullOrEmpty
            $children.ParentActivityId | Select-Object -Unique | Should -Be $parent[0].ActivityId
            ($records.PercentComplete | Measure-Object -Maximum).Maximum | Should -BeLessOrEqual 100
            foreach ($activity in $records | Group-Object ActivityId) { $activity.Group[-1].RecordType |
                Should -Be 'Completed' -Because $activity.Group[-1].Activity }
        }
    }

    Context 'stopping' {
        It 'ends behind Select-Object -First' {
            Add-TestFault $registry @{ action = 'stall'; match = '^GET .*/team/tags/manifests/c'; bytes = 0 }
            $first = Invoke-ImagePull "$address/team/tags" -AllTags | Select-Object -First 1
            $first.Tag | Should -Be 'a'
            (Get-Image).Tag | Should -Not -Contain 'c'
        }

        It 'ends in silence when the pipeline is stopped' {
            Add-TestFault $registry @{ action = 'stall'; match = '^GET .*/blobs/'; bytes = 100 }
            $run = Start-TestPipeline "Invoke-ImagePull $address/team/app:1"
            while (-not (Get-TestRequest $registry | Where-Object { $_ -like 'GET */blobs/*' })) { Start-Sleep -Milliseconds 50 }
            $run.PowerShell.Stop()
            $run.PowerShell.InvocationStateInfo.State | Should -Be 'Stopped'
            $run.PowerShell.Streams.Error | Should -BeNullOrEmpty
            $run.Output | Should -BeNullOrEmpty
            $run.PowerShell.Dispose()

            Reset-TestRegistry $registry
            (Invoke-ImagePull "$address/team/app:1").Id | Should -Be $image.id
        }

        It 'waits for its work when what comes after it fails' {
            { Invoke-ImagePull "$address/team/tags" -AllTags | ForEach-Object { throw 'no more' } } | Should -Throw 'no more'
            (Invoke-ImagePull "$address/team/tags" -AllTags).Tag | Should -Be 'a', 'b', 'c'
        }
    }

    Context 'around it' {
        It 'lets the next command change the store while it goes on' {
            Invoke-ImagePull "$address/team/tags" -AllTags | Remove-Image
            Get-Image | Should -BeNullOrEmpty
        }

        It 'works in several runspaces at once' {
            $runs = 1..4 | ForEach-Object { Start-TestPipeline "Invoke-ImagePull $address/team/app:1, $address/team/tags:a" }
            foreach ($run in $runs) {
                $null = $run.PowerShell.EndInvoke($run.Handle)
                $run.PowerShell.Streams.Error | Should -BeNullOrEmpty
                $run.Output.Tag | Should -Be '1', 'a'
                $run.PowerShell.Dispose()
            }

            Get-TestRequest $registry | Where-Object { $_ -like "GET */blobs/$($image.layers[1].digest)" } | Should -HaveCount 1
        }
    }
}
